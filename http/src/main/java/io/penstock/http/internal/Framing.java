package io.penstock.http.internal;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * What a head says about the message and the connection around it. A head that can be understood in two ways is refused, not
 * repaired: the other way is how requests are smuggled. Source: RFC 9112 §6 and §9.3.
 */
final class Framing {
    private static final int LONGEST_LENGTH = 18;

    private Framing() {}

    static BodyLength ofRequest(RequestHead head) throws BadMessage {
        Headers headers = head.headers();
        String coding = headers.first(HeaderNames.TRANSFER_ENCODING);
        if (coding != null) return chunked(head.version(), headers, coding);
        return BodyLength.of(Math.max(0, contentLength(headers)));
    }

    static BodyLength ofResponse(ResponseHead head, String requestMethod) throws BadMessage {
        Headers headers = head.headers();
        int status = head.status();
        // nothing they say of a body counts (RFC 9110 §8.6, §9.3.6), so it cannot be wrong either
        if (status < 200 || requestMethod.equals("CONNECT") && status < 300) return BodyLength.NONE;
        String coding = headers.first(HeaderNames.TRANSFER_ENCODING);
        long length = contentLength(headers);
        BodyLength framed =
                coding != null ? chunked(head.version(), headers, coding) : BodyLength.of(Math.max(0, length));
        if (requestMethod.equals("HEAD") || status == 204 || status == 304) return BodyLength.NONE;
        return coding == null && length < 0 ? BodyLength.UNTIL_CLOSE : framed;
    }

    /** Whether the sender of such a head lets the connection go on behind the message. */
    static boolean keepsAlive(HttpVersion version, Headers headers) {
        if (version == HttpVersion.HTTP_2_0) return false;
        if (version == HttpVersion.HTTP_1_0) {
            return headers.containsToken(HeaderNames.CONNECTION, "keep-alive")
                    && !headers.containsToken(HeaderNames.CONNECTION, "close");
        }
        return !headers.containsToken(HeaderNames.CONNECTION, "close");
    }

    /** Refuses a request that does not name its host as it must. */
    static void requireHost(RequestHead head) throws BadMessage {
        Headers headers = head.headers();
        String host = headers.first(HeaderNames.HOST);
        if (host == null) {
            if (head.version() != HttpVersion.HTTP_1_1 || head.method().equals("CONNECT")) return;
            throw BadMessage.malformed("an HTTP/1.1 request must have a Host field");
        }
        if (headers.count(HeaderNames.HOST) > 1) throw BadMessage.malformed("there is more than one Host field");
        if (!RequestTarget.isAuthority(host, false)) throw BadMessage.malformed("the Host field is not a host");
    }

    /** The value of {@code Content-Length}; -1 when there is none. */
    static long contentLength(Headers headers) throws BadMessage {
        String text = headers.first(HeaderNames.CONTENT_LENGTH);
        if (text == null) return -1;
        if (headers.count(HeaderNames.CONTENT_LENGTH) > 1) {
            throw BadMessage.malformed("there is more than one Content-Length field");
        }
        long length = number(text);
        if (length < 0) throw BadMessage.malformed("the Content-Length is not a number of bytes");
        return length;
    }

    /** The number of 1 to 18 decimal digits, and nothing else; -1 for any other text. */
    static long number(String text) {
        int digits = text.length();
        if (digits == 0 || digits > LONGEST_LENGTH) return -1;
        long number = 0;
        for (int i = 0; i < digits; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') return -1;
            number = 10 * number + c - '0';
        }
        return number;
    }

    private static BodyLength chunked(HttpVersion version, Headers headers, String coding) throws BadMessage {
        if (headers.contains(HeaderNames.CONTENT_LENGTH)) {
            throw BadMessage.malformed("there is a Transfer-Encoding and a Content-Length");
        }
        if (version == HttpVersion.HTTP_1_0) throw BadMessage.malformed("HTTP/1.0 has no Transfer-Encoding");
        if (headers.count(HeaderNames.TRANSFER_ENCODING) > 1) {
            throw BadMessage.malformed("there is more than one Transfer-Encoding field");
        }
        if (coding.equalsIgnoreCase("chunked")) return BodyLength.CHUNKED;
        String unknown = unknownCoding(coding);
        if (unknown == null) throw BadMessage.malformed("the Transfer-Encoding is malformed");
        throw new BadMessage(
                501, "the transfer coding '" + ByteClass.printable(unknown) + "' is not known here, only chunked");
    }

    /** The first unknown coding in a well-formed list that applies {@code chunked} at most once, and last; null when it is not one. */
    private static @Nullable String unknownCoding(String list) {
        String unknown = null;
        boolean chunkedSeen = false;
        for (String item : list.split(",", -1)) {
            String coding = item.strip();
            if (chunkedSeen || !ByteClass.isToken(coding)) return null;
            if (coding.equalsIgnoreCase("chunked")) {
                chunkedSeen = true;
            } else if (unknown == null) {
                unknown = coding;
            }
        }
        return unknown;
    }
}
