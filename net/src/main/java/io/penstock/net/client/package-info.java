/** The callback face: a client that tells a handler what happens. */
@NullMarked
package io.penstock.net.client;

import org.jspecify.annotations.NullMarked;
