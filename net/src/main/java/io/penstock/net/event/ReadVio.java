package io.penstock.net.event;

import io.penstock.net.internal.InputVio;

/** Bytes on their way from a stream into a buffer. */
public sealed interface ReadVio extends Vio permits InputVio {
    /** What is read into. */
    IoBuffer buffer();
}
