package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Via.Credentials;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks an HTTP proxy for a tunnel to a host, whose name it resolves ({@code CONNECT}, RFC 9110 §9.3.6). */
record HttpTunnel(StreamConnection proxy) {
    /** The most bytes that all heads of the answer may have. */
    private static final int LONGEST_HEAD = 16 * 1024;

    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d)(\\d\\d)( .*)?");

    /** The stream leads to the target when this returns: what follows the head of the answer is the target's. */
    void connect(InetSocketAddress target, @Nullable Credentials credentials) throws ConnectionException {
        String authority = authority(target);
        String request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
        if (credentials != null) {
            String pair = credentials.user() + ":" + credentials.password();
            request += "Proxy-Authorization: Basic "
                    + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)) + "\r\n";
        }
        proxy.send(request + "\r\n");
        int left = LONGEST_HEAD;
        while (true) {
            String status = line(left);
            left -= status.length();
            var parts = STATUS_LINE.matcher(status);
            if (!parts.matches()) throw refusal("this is no answer of an HTTP proxy: " + status);
            boolean interim = parts.group(1).equals("1") && !parts.group(2).equals("01");
            if (!interim && !parts.group(1).equals("2")) {
                boolean unauthorised =
                        parts.group(1).equals("4") && parts.group(2).equals("07");
                String why = credentials == null ? " (it wants credentials)" : " (it wants other credentials)";
                throw refusal(status + (unauthorised ? why : ""));
            }
            left = skipFields(left);
            if (!interim) return;
        }
    }

    /** In its fields, and behind the status, there may be any bytes from 80 on (obs-text, RFC 9110 §5.5). */
    private String line(int limit) throws ConnectionException {
        return new String(proxy.input().receiveLineBytes(limit), StandardCharsets.ISO_8859_1);
    }

    private int skipFields(int limit) throws ConnectionException {
        int left = limit;
        for (String field = line(left); !field.isEmpty(); field = line(left)) {
            left -= field.length() + 2;
            if (left < 0) throw refusal("the head of its answer is longer than " + LONGEST_HEAD + " bytes");
        }
        return left;
    }

    private static String authority(InetSocketAddress target) {
        String host = target.isUnresolved()
                ? target.getHostString()
                : target.getAddress().getHostAddress();
        boolean six = !target.isUnresolved() && target.getAddress() instanceof Inet6Address;
        return (six ? "[" + host + "]" : host) + ":" + target.getPort();
    }

    private ConnectionException refusal(String why) {
        return ConnectionException.of(
                Reason.PROXY, Phase.PROXY, proxy.remoteAddress(), "the HTTP proxy says: " + why, null);
    }
}
