/** Plugins that are Java source files: compiled in memory, each with a class loader of its own. */
@NullMarked
package io.penstock.server.plugin;

import org.jspecify.annotations.NullMarked;
