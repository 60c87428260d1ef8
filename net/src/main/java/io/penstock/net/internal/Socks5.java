package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Via.Credentials;
import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Asks a SOCKS5 proxy for a connection to a host, whose name it resolves (RFC 1928, RFC 1929). */
record Socks5(Connection proxy) {
    private static final int VERSION = 5;
    private static final int ANONYMOUS = 0;
    private static final int BY_PASSWORD = 2;
    private static final int NONE_ACCEPTABLE = 0xff;
    private static final int PASSWORD_VERSION = 1;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;

    /** The stream leads to the target when this returns. */
    void connect(InetSocketAddress target, @Nullable Credentials credentials) throws ConnectionException {
        switch (chooseMethod(credentials != null)) {
            case ANONYMOUS -> {}
            case BY_PASSWORD -> {
                if (credentials == null) throw refusal("it wants a password that it was not offered");
                authenticate(credentials);
            }
            case NONE_ACCEPTABLE ->
                throw refusal(
                        credentials == null
                                ? "it wants credentials, and there are none"
                                : "it accepts neither these credentials nor none");
            default -> throw refusal("it wants a way to authenticate that it was not offered");
        }
        proxy.send(request(target));
        requireVersion(octet());
        int reply = octet();
        octet(); // reserved
        if (reply != 0) throw refusal(meaning(reply));
        skipAddress();
    }

    private int chooseMethod(boolean withPassword) throws ConnectionException {
        proxy.send(withPassword ? new byte[] {VERSION, 2, ANONYMOUS, BY_PASSWORD} : new byte[] {VERSION, 1, ANONYMOUS});
        requireVersion(octet());
        return octet();
    }

    private void authenticate(Credentials credentials) throws ConnectionException {
        var message = new ByteArrayOutputStream();
        message.write(PASSWORD_VERSION);
        writeText(message, credentials.user());
        writeText(message, credentials.password());
        proxy.send(message.toByteArray());
        octet(); // the version of this exchange, which some get wrong
        if (octet() != 0) throw refusal("it does not accept the password of user " + credentials.user());
    }

    private static byte[] request(InetSocketAddress target) {
        var message = new ByteArrayOutputStream();
        message.write(VERSION);
        message.write(CONNECT);
        message.write(0);
        if (target.isUnresolved()) {
            message.write(NAME);
            writeText(message, target.getHostString());
        } else {
            message.write(target.getAddress() instanceof Inet4Address ? IPV4 : IPV6);
            message.writeBytes(target.getAddress().getAddress());
        }
        message.write(target.getPort() >>> 8);
        message.write(target.getPort());
        return message.toByteArray();
    }

    private static void writeText(ByteArrayOutputStream message, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        message.write(bytes.length);
        message.writeBytes(bytes);
    }

    /** Where the proxy has bound its socket is nothing to us. */
    private void skipAddress() throws ConnectionException {
        int size = switch (octet()) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            case NAME -> octet();
            default -> throw refusal("it answers with an address of an unknown kind");
        };
        proxy.receive(size + 2);
    }

    private int octet() throws ConnectionException {
        return proxy.receive(1)[0] & 0xff;
    }

    private void requireVersion(int version) throws ConnectionException {
        if (version != VERSION) throw refusal("it does not speak SOCKS5: its answer begins with " + version);
    }

    private static String meaning(int reply) {
        return switch (reply) {
            case 1 -> "general failure of the SOCKS server (1)";
            case 2 -> "the connection is not allowed by its rules (2)";
            case 3 -> "the network is unreachable (3)";
            case 4 -> "the host is unreachable (4)";
            case 5 -> "the connection was refused (5)";
            case 6 -> "the time to live has expired (6)";
            case 7 -> "it does not support the command (7)";
            case 8 -> "it does not support this kind of address (8)";
            default -> "unknown failure (" + reply + ")";
        };
    }

    private ConnectionException refusal(String why) {
        return ConnectionException.of(
                Reason.PROXY, Phase.PROXY, proxy.remoteAddress(), "the SOCKS proxy says: " + why, null);
    }
}
