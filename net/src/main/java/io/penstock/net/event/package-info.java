/** The event face: continuations, events and actions. */
@NullMarked
package io.penstock.net.event;

import org.jspecify.annotations.NullMarked;
