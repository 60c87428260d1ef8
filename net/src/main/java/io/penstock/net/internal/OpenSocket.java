package io.penstock.net.internal;

/** What a loop keeps account of, and ends with itself at the latest. */
interface OpenSocket {
    long id();

    /** Ends it at once. Any thread. */
    void abort();
}
