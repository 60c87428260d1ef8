package io.penstock.http;

import java.net.SocketAddress;
import java.time.Instant;

/** A connection that somebody has taken over, as it was when this was asked for. */
public interface TakenOver {
    /** Its {@linkplain io.penstock.net.Connection#id() number}. */
    long connection();

    /** The address of the client. */
    SocketAddress client();

    /** The number and the request line of the exchange it was taken over from. */
    String exchange();

    /** What the {@code Upgrade} of a 101 named; {@code tunnel} behind a CONNECT, {@code raw} for whatever else. */
    String protocol();

    /** When it was taken over. */
    Instant since();

    /** The line of code that has done so. It is looked for when this is asked, which takes some microseconds. */
    String place();

    /** The {@link io.penstock.net.Scope} that answers for it: that of its exchange, or where it was transferred to. */
    String owner();

    /** The bytes that its owner has received from the client. */
    long received();

    /** The bytes sent to the client. */
    long sent();
}
