package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A client that speaks HTTP where it should speak TLS: somebody has left out the s of https. It would not understand an alert, so it is
 * told in its own language. No record of TLS begins with a letter.
 */
final class PlainHttp {
    static final byte[] ANSWER = answer("400 Bad Request: this port speaks HTTPS, ask for it with https://\n");

    private static final List<byte[]> METHODS = List.of(
                    "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ", "PRI ")
            .stream()
            .map(each -> each.getBytes(StandardCharsets.US_ASCII))
            .toList();

    private PlainHttp() {}

    private static byte[] answer(String text) {
        String head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
                + text.length() + "\r\nConnection: close\r\n\r\n";
        return (head + text).getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether a request begins so. */
    static boolean isRequest(ByteBuf first) {
        return METHODS.stream().anyMatch(each -> each.length <= first.readableBytes() && isSame(first, each));
    }

    /** Whether a request may begin so, for all that there is of it; never of what is one, or none. */
    static boolean mayBecomeRequest(ByteBuf first) {
        return METHODS.stream().anyMatch(each -> each.length > first.readableBytes() && isSame(first, each));
    }

    private static boolean isSame(ByteBuf first, byte[] method) {
        int count = Math.min(method.length, first.readableBytes());
        for (int i = 0; i < count; i++) {
            if (first.getByte(first.readerIndex() + i) != method[i]) return false;
        }
        return true;
    }
}
