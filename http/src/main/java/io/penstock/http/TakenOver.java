package io.penstock.http;

import java.net.SocketAddress;
import java.time.Instant;

/**
 * A connection that somebody has taken over, as it was when this was asked for.
 *
 * @param connection its {@linkplain io.penstock.net.Connection#id() number}
 * @param client the address of the client
 * @param exchange the number and the request line of the exchange it was taken over from
 * @param protocol what the {@code Upgrade} of a 101 named; {@code tunnel} behind a CONNECT, {@code raw} for whatever else
 * @param since when it was taken over
 * @param place the line of code that has done so
 * @param owner the {@link io.penstock.net.Scope} that answers for it: that of its exchange, or where it was transferred to
 * @param received the bytes that its owner has received from the client
 * @param sent the bytes sent to the client
 */
public record TakenOver(
        long connection,
        SocketAddress client,
        String exchange,
        String protocol,
        Instant since,
        String place,
        String owner,
        long received,
        long sent) {}
