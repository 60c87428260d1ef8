package io.penstock.http.internal;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.NotAskedException;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/** The heads behind which a connection is not HTTP's any more. Source: RFC 9110 §7.8 and §9.3.6. */
public final class Switching {
    static final int PROTOCOLS = 101;

    private Switching() {}

    /**
     * @throws IllegalArgumentException when it is no such head
     * @throws NotAskedException when it is one, but not as an answer to this request
     */
    public static void require(RequestHead request, ResponseHead head) {
        if (head.status() == PROTOCOLS) {
            String named = named(head);
            for (String protocol : named.split(",", -1)) requireOffered(request, protocol.strip(), named);
        } else if (head.status() < 200 || head.status() > 299) {
            throw new IllegalArgumentException("behind the head of a " + head.status()
                    + " there is HTTP; a connection is given up with 101, or a 2xx");
        }
    }

    private static String named(ResponseHead head) {
        if (head.headers().contains(HeaderNames.UPGRADE))
            return String.join(", ", head.headers().all(HeaderNames.UPGRADE));
        throw new IllegalArgumentException("a 101 must name the protocol to go on with, in " + HeaderNames.UPGRADE);
    }

    private static void requireOffered(RequestHead request, String protocol, String all) {
        requireProtocol(protocol);
        if (request.offers(protocol)) return;
        String why = request.offersUpgrade()
                ? "it offers "
                        + ByteClass.printable(
                                String.join(", ", request.headers().all(HeaderNames.UPGRADE)))
                : "its request is no HTTP/1.1 request with Connection: Upgrade";
        throw new NotAskedException(
                ResponseHead.of(426, Headers.of(HeaderNames.UPGRADE, all)),
                "the client of '" + request + "' cannot go on with " + protocol + ": " + why);
    }

    static void requireProtocol(String text) {
        if (!isProtocol(text)) {
            throw new IllegalArgumentException(
                    "not a protocol, name or name/version: '" + ByteClass.printable(text) + "'");
        }
    }

    private static boolean isProtocol(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) return ByteClass.isToken(text);
        return ByteClass.isToken(text.substring(0, slash)) && ByteClass.isToken(text.substring(slash + 1));
    }

    /** What the connection speaks behind such a head, or without one, as far as HTTP knows. */
    static String protocol(RequestHead request, @Nullable ResponseHead head) {
        if (head == null) return "raw";
        if (head.status() == PROTOCOLS) return String.join(", ", head.headers().all(HeaderNames.UPGRADE));
        return isConnect(request) ? "tunnel" : "raw";
    }

    static boolean isConnect(RequestHead request) {
        return request.method().equals("CONNECT");
    }
}
