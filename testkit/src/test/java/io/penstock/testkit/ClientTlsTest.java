package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientHandler;
import io.penstock.net.client.ClientOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client over TLS, from the start and later on: whom it believes, and how it ends. */
class ClientTlsTest {
    private static final Certificates AUTHORITY = Certificates.authority();

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private @Nullable Listener listener;

    @AfterEach
    void close() {
        if (listener != null) listener.close();
        loops.close(Duration.ZERO);
    }

    /** Says hello, answers once, and tells how it went. */
    private static class Asking implements ClientHandler {
        final CompletableFuture<Object> outcome = new CompletableFuture<>();
        final List<String> lines = new ArrayList<>();

        @Override
        public void onConnect(Client client) {
            client.send("hello\n");
        }

        @Override
        public void onReceive(Client client, ByteBuffer line) throws Exception {
            lines.add(StandardCharsets.UTF_8.decode(line).toString());
            client.close();
        }

        @Override
        public void onError(Client client, ConnectionException failure) {
            outcome.complete(failure.reason());
        }

        @Override
        public void onClose(Client client, ClientEnd end) {
            outcome.complete(end.cause());
        }

        Object outcome() throws Exception {
            return outcome.get(10, TimeUnit.SECONDS);
        }
    }

    private static void echo(Connection connection) throws IOException {
        String line = connection.receiveLine();
        connection.send(line + "\n");
        connection.receiveAll();
    }

    private Object ask(TlsIdentity server, TlsTrust trust, String name) throws Exception {
        var options = ListenerOptions.DEFAULT.withTls(TlsServer.of(server));
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        listener = Listener.open(loops, any, options, ClientTlsTest::echo);
        var handler = new Asking();
        Client.of(loops, ClientOptions.DEFAULT.withFraming(Framing.line()), handler)
                .connect(Endpoint.of(listener.address())
                        .withTls(TlsClient.DEFAULT.withTrust(trust).withServerName(name)));
        Object outcome = handler.outcome();
        if (outcome == ClientEnd.Cause.CLOSED) assertThat(handler.lines).containsExactly("hello");
        return outcome;
    }

    @Test
    @DisplayName("TT-19 TLS verify: a right authority")
    void rightAuthority() throws Exception {
        assertThat(ask(AUTHORITY.identity("some.example"), AUTHORITY.trust(), "some.example"))
                .isEqualTo(ClientEnd.Cause.CLOSED);
    }

    @Test
    @DisplayName("TT-19 TLS verify: a self-signed certificate is believed by whoever names it")
    void selfSignedAllowed() throws Exception {
        TlsIdentity self = Certificates.selfSigned("some.example");
        assertThat(ask(self, new TlsTrust.Authorities(self.chain(), List.of()), "some.example"))
                .isEqualTo(ClientEnd.Cause.CLOSED);
    }

    @Test
    @DisplayName("TT-19 TLS verify: a self-signed certificate is believed by nobody else")
    void selfSigned() throws Exception {
        assertThat(ask(Certificates.selfSigned("some.example"), TlsTrust.SYSTEM, "some.example"))
                .isEqualTo(Reason.TLS_UNTRUSTED);
    }

    @Test
    @DisplayName("TT-19 TLS verify: a wrong authority")
    void wrongAuthority() throws Exception {
        assertThat(ask(AUTHORITY.identity("some.example"), AUTHORITY.impostor().trust(), "some.example"))
                .isEqualTo(Reason.TLS_UNTRUSTED);
    }

    @Test
    @DisplayName("TT-19 TLS verify: expired")
    void expired() throws Exception {
        assertThat(ask(AUTHORITY.expired("some.example"), AUTHORITY.trust(), "some.example"))
                .isEqualTo(Reason.TLS_EXPIRED);
    }

    @Test
    @DisplayName("TT-19 TLS verify: another name")
    void otherName() throws Exception {
        assertThat(ask(AUTHORITY.identity("other.example"), AUTHORITY.trust(), "some.example"))
                .isEqualTo(Reason.TLS_HOST_NAME);
    }

    @Test
    @DisplayName("TT-19 TLS verify: a server without TLS")
    void plaintext() throws Exception {
        listener = Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), server -> {
            server.send("220 this is no TLS\n");
            server.receiveAll();
        });
        var handler = new Asking();
        Client.of(loops, handler).connect(Endpoint.of(listener.address()).withTls(TlsClient.DEFAULT));
        assertThat(handler.outcome()).isEqualTo(Reason.TLS_HANDSHAKE);
    }

    @Test
    @DisplayName("E-1 startTls: what was sent before leaves in clear, what comes behind is secured")
    void startTls() throws Exception {
        listener = Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), server -> {
            server.send("220 welcome\n");
            assertThat(server.receiveLine()).isEqualTo("STARTTLS");
            server.send("220 go ahead\n");
            server.startTls(TlsServer.of(AUTHORITY.identity("some.example")));
            echo(server);
        });
        var handler = new Asking() {
            @Override
            public void onConnect(Client client) {}

            @Override
            public void onReceive(Client client, ByteBuffer line) throws Exception {
                lines.add(StandardCharsets.UTF_8.decode(line).toString());
                switch (lines.size()) {
                    case 1 -> client.send("STARTTLS\n");
                    case 2 -> {
                        client.startTls(TlsClient.DEFAULT.withTrust(AUTHORITY.trust()), "some.example");
                        assertThat(client.tls()).isPresent();
                        client.send("secret\n");
                    }
                    default -> client.closeAfterFlush();
                }
            }
        };
        Client.of(loops, ClientOptions.DEFAULT.withFraming(Framing.line()), handler)
                .connect(listener.address());
        assertThat(handler.outcome()).isEqualTo(ClientEnd.Cause.CLOSED);
        assertThat(handler.lines).containsExactly("220 welcome", "220 go ahead", "secret");
    }

    @Test
    @DisplayName("A file over TLS, in the order of the sends")
    void file(@org.junit.jupiter.api.io.TempDir java.nio.file.Path directory) throws Exception {
        byte[] bytes = new byte[300_000];
        new java.util.Random(1).nextBytes(bytes);
        var file = java.nio.file.Files.write(directory.resolve("file"), bytes);
        var received = new CompletableFuture<byte[]>();
        var options = ListenerOptions.DEFAULT.withTls(TlsServer.of(AUTHORITY.identity("some.example")));
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        listener = Listener.open(loops, any, options, server -> received.complete(server.receiveAll()));
        var handler = new Asking() {
            @Override
            public void onConnect(Client client) {
                try {
                    client.send("head");
                    client.sendFile(file, 1000, 200_000);
                    client.send("tail");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                client.closeAfterFlush();
            }
        };
        Client.of(loops, handler)
                .connect(Endpoint.of(listener.address())
                        .withTls(TlsClient.DEFAULT.withTrust(AUTHORITY.trust()).withServerName("some.example")));
        assertThat(handler.outcome()).isEqualTo(ClientEnd.Cause.CLOSED);
        byte[] got = received.get(10, TimeUnit.SECONDS);
        assertThat(got).hasSize(200_008);
        assertThat(java.util.Arrays.copyOfRange(got, 4, 200_004))
                .isEqualTo(java.util.Arrays.copyOfRange(bytes, 1000, 201_000));
    }
}
