/** One script, two machines: what OpenResty's cosockets do, and what our connections do, step by step. */
@NullMarked
package io.penstock.testkit.cosocket;

import org.jspecify.annotations.NullMarked;
