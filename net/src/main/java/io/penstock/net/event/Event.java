package io.penstock.net.event;

/**
 * Something a {@link Continuation} is told.
 *
 * <p>The root of families of records, each sealed, so that a {@code switch} over one family is checked by the compiler. Every event
 * carries what belongs to it, typed.
 */
public interface Event {}
