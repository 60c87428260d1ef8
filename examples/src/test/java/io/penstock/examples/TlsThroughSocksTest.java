package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import io.penstock.net.Via;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientEnd.Cause;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Through a proxy of the test's own, which knows one name: {@code server.test}. */
class TlsThroughSocksTest {
    private static TlsIdentity identity;
    private static final InetSocketAddress FREE = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.open();
    private final Queue<String> askedFor = new ConcurrentLinkedQueue<>();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private Listener proxy;
    private Listener server;

    @BeforeAll
    static void make(@TempDir Path directory) throws Exception {
        identity = Identity.of("server.test", directory);
    }

    @BeforeEach
    void open() throws Exception {
        var secured = ListenerOptions.DEFAULT.withTls(TlsServer.of(identity));
        server = Listener.open(loops, FREE, secured, client -> {
            while (client.peek(1).hasRemaining()) client.send(client.receiveAny(64 * 1024));
        });
        proxy = Listener.open(loops, FREE, this::socks);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    /** A proxy's part of RFC 1928: no password, CONNECT, a name. */
    private void socks(Connection client) throws Exception {
        assertThat(client.receive(3)).containsExactly(5, 1, 0);
        client.send(new byte[] {5, 0});
        byte[] head = client.receive(5);
        assertThat(head).startsWith(5, 1, 0, 3);
        String name = new String(client.receive(head[4]), US_ASCII);
        int port = Short.toUnsignedInt(ByteBuffer.wrap(client.receive(2)).getShort());
        askedFor.add(name + ":" + port);
        boolean known = name.equals("server.test");
        client.send(new byte[] {5, (byte) (known ? 0 : 2), 0, 1, 0, 0, 0, 0, 0, 0});
        if (known)
            Relay.between(client, Connector.of(loops).connect("127.0.0.1", port))
                    .join();
    }

    private Endpoint endpoint(String name) {
        var trust = new TlsTrust.Authorities(identity.chain(), List.of());
        return Endpoint.of(name, ((InetSocketAddress) server.address()).getPort())
                .withVia(new Via.Socks5(proxy.address()))
                .withTls(TlsClient.DEFAULT.withTrust(trust));
    }

    @Test
    void whatIsSentToTheServerComesBackThroughTheProxy() throws Exception {
        var sent = new byte[12_000_000]; // more than may wait to be sent: the copying has to wait, too
        Arrays.fill(sent, (byte) 'x');
        ClientEnd end = TlsThroughSocks.copy(loops, endpoint("server.test"), new ByteArrayInputStream(sent), output);
        assertThat(end.cause()).isEqualTo(Cause.PEER_ENDED);
        assertThat(end.failure()).isNull();
        assertThat(output.toByteArray()).isEqualTo(sent);
        assertThat(askedFor).containsExactly("server.test:" + ((InetSocketAddress) server.address()).getPort());
    }

    @Test
    void whatTheProxyRefusesIsNotTriedWithoutIt() {
        assertThatThrownBy(() -> TlsThroughSocks.copy(
                        loops, endpoint("localhost"), new ByteArrayInputStream(new byte[1]), output))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(ConnectionException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.PROXY);
                    assertThat(e.phase()).isEqualTo(Phase.PROXY);
                });
        assertThat(server.connections()).isZero();
    }

    @Test
    void aServerThatNobodyVouchesForIsSentNothing() {
        var other = endpoint("server.test").withTls(TlsClient.DEFAULT.withTrust(TlsTrust.SYSTEM));
        assertThatThrownBy(() -> TlsThroughSocks.copy(loops, other, new ByteArrayInputStream(new byte[1]), output))
                .cause()
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TLS_UNTRUSTED));
        assertThat(output.size()).isZero();
    }
}
