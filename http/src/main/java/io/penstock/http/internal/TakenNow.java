package io.penstock.http.internal;

import io.penstock.http.TakenOver;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.function.Supplier;

/** What is known of a take-over at a moment, and the place once somebody asks for it: to look for it takes longer than all the rest. */
record TakenNow(
        long connection,
        SocketAddress client,
        String exchange,
        String protocol,
        Instant since,
        Supplier<String> where,
        String owner,
        long received,
        long sent)
        implements TakenOver {
    @Override
    public String place() {
        return where.get();
    }

    @Override
    public String toString() {
        return exchange + ", taken over as " + protocol + " at " + place() + ", of " + owner + ", " + received
                + " bytes received, " + sent + " sent";
    }
}
