package io.penstock.http.internal;

import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.BufferedInput;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes heads off a connection: copies what is held there into an array, parses that, and asks for more only when it has to.
 *
 * <p>Each {@code parse} answers null when more bytes are needed; {@link #more} waits for them.
 */
final class HeadReader {
    /** Room for the usual head; kept while a connection is idle, so it is small. */
    private static final int ROOM = 1024;

    private static final int KEPT = 4 * ROOM;
    private static final byte[] NOTHING = {};

    private BufferedInput wire;
    private final HeadLimits limits;
    private final HeadParser parser;
    private byte[] bytes;

    /** How many of the held bytes have been copied. */
    private int seen;

    HeadReader(BufferedInput wire, HeadLimits limits) {
        this.wire = wire;
        this.limits = limits;
        this.parser = new HeadParser(limits);
        this.bytes = new byte[Math.min(ROOM, limits.whole())];
    }

    /** Takes the heads to come off another connection. */
    void turnTo(BufferedInput other) {
        wire = other;
    }

    /** Starts the next head. */
    void begin() {
        if (bytes.length == 0) bytes = new byte[Math.min(ROOM, limits.whole())];
        seen = 0;
        parser.begin();
    }

    @Nullable
    RequestHead parseRequest() throws BadMessage, ConnectionException {
        while (true) {
            RequestHead head = parser.request(bytes, look());
            if (head != null) wire.skip(parser.length());
            if (head != null || !enlarge()) return head;
        }
    }

    @Nullable
    ResponseHead parseResponse() throws BadMessage, ConnectionException {
        while (true) {
            ResponseHead head = parser.response(bytes, look());
            if (head != null) wire.skip(parser.length());
            if (head != null || !enlarge()) return head;
        }
    }

    /** Parks for more bytes; false when the stream has ended. */
    boolean more() throws ConnectionException {
        return wire.grow();
    }

    /** How many bytes the last head had. */
    int length() {
        return parser.length();
    }

    /** Gives up the memory of an unusually large head. */
    void trim() {
        if (bytes.length > KEPT) bytes = new byte[ROOM];
    }

    /** Gives up all memory until the next head, which is not to come soon. */
    void rest() {
        bytes = NOTHING;
    }

    private int look() throws ConnectionException {
        seen += wire.copyTo(bytes, seen);
        return seen;
    }

    /** Makes room for held bytes that could not be looked at yet; false when all could. */
    private boolean enlarge() {
        if (wire.held() <= bytes.length) return false;
        // the parser refuses a head before it fills this: a larger array is never needed
        bytes = Arrays.copyOf(bytes, Math.min(4 * bytes.length, limits.whole()));
        return true;
    }
}
