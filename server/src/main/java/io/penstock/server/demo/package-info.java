/** What runs without a configuration: an origin in the same process, and two plugins to look at. */
@NullMarked
package io.penstock.server.demo;

import org.jspecify.annotations.NullMarked;
