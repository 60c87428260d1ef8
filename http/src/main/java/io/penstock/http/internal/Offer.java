package io.penstock.http.internal;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * A client's request that offers to go on with other protocols. Source: RFC 9110 §7.8.
 *
 * @param request with its {@code Upgrade}
 */
public record Offer(RequestHead request) {
    /** @param protocols {@code name} or {@code name/version}, several with commas between, the most wanted first */
    public static Offer of(RequestHead request, String protocols) {
        for (String each : protocols.split(",", -1)) Switching.requireProtocol(each.strip());
        if (Switching.isConnect(request)) {
            throw new IllegalArgumentException("CONNECT asks for a tunnel, and cannot be upgraded as well");
        }
        Headers headers = request.headers().copy();
        headers.set(HeaderNames.CONNECTION, "Upgrade").set(HeaderNames.UPGRADE, protocols);
        return new Offer(request.withHeaders(headers));
    }

    /**
     * What is wrong with a 101 as the answer to it; null when nothing is.
     *
     * @param strict whether it has to name what it goes on with, as the standard wants it, or may leave that out
     */
    public @Nullable String problem(ResponseHead head, boolean strict) {
        Headers headers = head.headers();
        for (String list : headers.all(HeaderNames.UPGRADE)) {
            for (String each : list.split(",", -1)) {
                String protocol = each.strip();
                if (!request.offers(protocol)) {
                    return "the 101 is for '" + ByteClass.printable(protocol) + "', which was not offered: "
                            + request.headers().first(HeaderNames.UPGRADE);
                }
            }
        }
        if (!strict) return null;
        if (!headers.contains(HeaderNames.UPGRADE)) return "the 101 does not say for which protocol it is";
        return headers.containsToken(HeaderNames.CONNECTION, "upgrade") ? null : "the 101 has no Connection: Upgrade";
    }
}
