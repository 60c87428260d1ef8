package io.penstock.net;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** The way to an endpoint: directly, or through a proxy that is asked to connect to it. */
public sealed interface Via {
    Via DIRECT = new Direct();

    /** Where the first connection leads, when it does not lead to the endpoint itself. */
    default @Nullable SocketAddress firstHop() {
        return switch (this) {
            case Direct _ -> null;
            case Socks5 socks -> socks.proxy;
            case HttpConnect http -> http.proxy;
        };
    }

    /** No proxy. */
    record Direct() implements Via {}

    /**
     * Through a SOCKS5 proxy (RFC 1928), which also resolves the endpoint's name.
     *
     * @param proxy where it is
     * @param credentials user and password (RFC 1929); null for none
     */
    record Socks5(SocketAddress proxy, @Nullable Credentials credentials) implements Via {
        public Socks5 {
            if (credentials != null) {
                requireLength("user", credentials.user());
                requireLength("password", credentials.password());
            }
        }

        /** A proxy that asks for no password. */
        public Socks5(SocketAddress proxy) {
            this(proxy, null);
        }

        private static void requireLength(String what, String text) {
            int length = text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
            if (length < 1 || length > 255) {
                throw new IllegalArgumentException("a " + what + " for SOCKS5 has 1 to 255 bytes, not " + length);
            }
        }
    }

    /**
     * Through an HTTP proxy by {@code CONNECT} (RFC 9110 §9.3.6), which also resolves the endpoint's name.
     *
     * @param proxy where it is
     * @param credentials for {@code Proxy-Authorization: Basic} (RFC 7617); null for none
     * @param tls how the connection to the proxy itself is secured; null for not at all
     */
    record HttpConnect(
            SocketAddress proxy,
            @Nullable Credentials credentials,
            @Nullable TlsClient tls) implements Via {
        public HttpConnect {
            if (credentials != null && credentials.user().contains(":")) {
                throw new IllegalArgumentException("a user for HTTP has no colon: " + credentials.user());
            }
        }

        /** A proxy that asks for no password, over plain HTTP. */
        public HttpConnect(SocketAddress proxy) {
            this(proxy, null, null);
        }
    }

    /** A user and a password; its text shows the user only. */
    record Credentials(String user, String password) {
        @Override
        public String toString() {
            return user;
        }
    }
}
