package io.penstock.net.event;

import io.penstock.net.internal.OutputVio;

/** Bytes on their way from a buffer into a stream. */
public sealed interface WriteVio extends Vio permits OutputVio {
    /** What is written, as it is consumed. */
    IoBuffer.Reader reader();
}
