package io.penstock.server.log;

import io.penstock.http.RequestHead;
import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.proxy.TransactionRecord.TakenOver;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A line to read:
 *
 * <pre>{@code
 * 2026-11-20T20:41:03.123Z #17 127.0.0.1:54321 "GET /hello" example.com 200 in=0 out=6 total=812us wait=31us connect=2us \
 *     first-byte=701us upstream=web origin=127.0.0.1:9000 reused=yes attempts=1 ended=nobody phase=done
 * }</pre>
 *
 * <p>A connection that is taken over has a line at that moment, with {@code ended=-}, and one at its end; both go on with
 *
 * <pre>{@code
 * ... protocol=websocket tunnel-in=120 tunnel-out=4096 tunnel-time=60123456us cause=complete
 * }</pre>
 *
 * <p>What there was not is written {@code -}. Times are in microseconds; {@code wait}, {@code connect} and {@code first-byte} follow
 * each other. Everything in quotes is escaped, so that a line is always one line and the fields stay where they are.
 */
final class TextFormat implements LineFormat {
    private static final HexFormat HEX = HexFormat.of();

    private final Moment moment = new Moment();

    @Override
    public void append(TransactionRecord record, StringBuilder out) {
        moment.append(record.time(), out);
        out.append(" #").append(record.id()).append(' ');
        Addresses.append(record.client(), out);
        RequestHead request = record.request();
        if (request == null) {
            out.append(" - -");
        } else {
            out.append(" \"");
            escape(request.method(), out);
            escape(request.target(), out.append(' '));
            out.append("\" ");
            word(request.authority(), out);
        }
        out.append(' ').append(record.status());
        out.append(" in=").append(record.received()).append(" out=").append(record.sent());
        time(" total=", record.totalNanos(), out);
        time(" wait=", record.waitNanos(), out);
        time(" connect=", record.connectNanos(), out);
        time(" first-byte=", record.firstByteNanos(), out);
        word(record.upstream(), out.append(" upstream="));
        Addresses.append(record.origin(), out.append(" origin="));
        out.append(" reused=").append(record.origin() == null ? "-" : record.reused() ? "yes" : "no");
        out.append(" attempts=").append(record.attempts());
        EndedBy by = record.endedBy();
        out.append(" ended=").append(by == null ? "-" : by.name().toLowerCase(Locale.ROOT));
        out.append(" phase=").append(record.phase().label());
        if (record.takenOver() != null) {
            append(record.takenOver(), out);
        }
        out.append('\n');
    }

    private static void append(TakenOver tunnel, StringBuilder out) {
        word(tunnel.protocol(), out.append(" protocol="));
        out.append(" tunnel-in=").append(tunnel.received());
        out.append(" tunnel-out=").append(tunnel.sent());
        time(" tunnel-time=", tunnel.cause() == null ? -1 : tunnel.nanos(), out);
        word(tunnel.cause(), out.append(" cause="));
    }

    private static void time(String name, long nanos, StringBuilder out) {
        out.append(name);
        if (nanos < 0) {
            out.append('-');
        } else {
            out.append(nanos / 1_000).append("us");
        }
    }

    /** A field without quotes: what would end it is escaped. */
    private static void word(@Nullable String text, StringBuilder out) {
        if (text == null || text.isEmpty()) {
            out.append('-');
        } else {
            escape(text, out);
        }
    }

    /** Blanks, quotes, backslashes and all that is not printable ASCII as {@code \x20} or {@code \u00e9}. */
    private static void escape(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > ' ' && c < 0x7f && c != '"' && c != '\\') {
                out.append(c);
            } else if (c < 0x80) {
                out.append("\\x").append(HEX.toHexDigits((byte) c));
            } else {
                out.append("\\u").append(HEX.toHexDigits(c));
            }
        }
    }
}
