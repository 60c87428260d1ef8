/** The program: command line, configuration, plugins, access log, metrics, administration. */
@NullMarked
package io.penstock.server;

import org.jspecify.annotations.NullMarked;
