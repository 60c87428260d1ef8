/**
 * A miniature Docker Engine, which the real {@code docker} command drives: {@link io.penstock.examples.docker.Engine} says how to start it.
 *
 * <p>It shows what taking a connection over from HTTP is for. Read {@code Engine} for the exchanges, {@code Session} for what happens on a
 * connection behind them; the rest is what any such program needs: a {@code Job} is a local process, a {@code Tape} what it has written.
 */
@NullMarked
package io.penstock.examples.docker;

import org.jspecify.annotations.NullMarked;
