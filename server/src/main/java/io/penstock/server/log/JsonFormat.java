package io.penstock.server.log;

import io.penstock.http.RequestHead;
import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.proxy.TransactionRecord.TakenOver;
import java.net.SocketAddress;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One JSON object a line, with the fields of {@link TextFormat}; what there was not is left out. Times are in microseconds. */
final class JsonFormat implements LineFormat {
    private static final HexFormat HEX = HexFormat.of();

    private final Moment moment = new Moment();

    @Override
    public void append(TransactionRecord record, StringBuilder out) {
        moment.append(record.time(), out.append("{\"time\":\""));
        out.append("\",\"id\":").append(record.id()).append(",\"session\":").append(record.session());
        address("client", record.client(), out);
        address("listener", record.listener(), out);
        RequestHead request = record.request();
        if (request != null) {
            text("method", request.method(), out);
            text("target", request.target(), out);
            text("host", request.authority(), out);
        }
        number("status", record.status(), out);
        number("in", record.received(), out);
        number("out", record.sent(), out);
        time("total_us", record.totalNanos(), out);
        time("wait_us", record.waitNanos(), out);
        time("connect_us", record.connectNanos(), out);
        time("first_byte_us", record.firstByteNanos(), out);
        text("upstream", record.upstream(), out);
        address("origin", record.origin(), out);
        if (record.origin() != null) {
            out.append(",\"reused\":").append(record.reused());
        }
        number("attempts", record.attempts(), out);
        EndedBy by = record.endedBy();
        text("ended", by == null ? null : by.name().toLowerCase(Locale.ROOT), out);
        text("phase", record.phase().label(), out);
        if (record.takenOver() != null) {
            append(record.takenOver(), out);
        }
        out.append("}\n");
    }

    private static void append(TakenOver tunnel, StringBuilder out) {
        text("protocol", tunnel.protocol(), out);
        number("tunnel_in", tunnel.received(), out);
        number("tunnel_out", tunnel.sent(), out);
        time("tunnel_us", tunnel.cause() == null ? -1 : tunnel.nanos(), out);
        text("cause", tunnel.cause(), out);
    }

    private static void number(String name, long value, StringBuilder out) {
        out.append(",\"").append(name).append("\":").append(value);
    }

    private static void time(String name, long nanos, StringBuilder out) {
        if (nanos >= 0) {
            number(name, nanos / 1_000, out);
        }
    }

    private static void address(String name, @Nullable SocketAddress address, StringBuilder out) {
        if (address != null) {
            StringBuilder text = new StringBuilder();
            Addresses.append(address, text);
            text(name, text.toString(), out);
        }
    }

    private static void text(String name, @Nullable String value, StringBuilder out) {
        if (value == null) {
            return;
        }
        out.append(",\"").append(name).append("\":\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c >= 0x7f) {
                out.append("\\u").append(HEX.toHexDigits(c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
