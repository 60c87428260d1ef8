package io.penstock.http.conformance;

import io.penstock.http.ClientExchange;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.TestIdentity;
import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.testkit.Await;
import io.penstock.testkit.Call;
import io.penstock.testkit.Ends;
import io.penstock.testkit.Peer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Connections out of a pool that a client has taken over behind a 101; the server is a socket of the JDK's.
 *
 * @param engine what secures them; null for plain TCP
 * @param behind what the server sends in one piece with the head of its answer, which is received before the test begins
 */
record TakenOverAsClientKind(@Nullable TlsEngine engine, String behind) implements TakenOverStream {
    private static final String REQUEST =
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n";
    private static final String ANSWER =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

    @Override
    public Ends open(Loops loops) throws Exception {
        var pool = Pool.of(Connector.of(loops));
        try (var server = ServerSocketChannel.open()) {
            var unused = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            Endpoint endpoint = endpoint(server.bind(unused, 1).getLocalAddress());
            Call<Connection> asking =
                    Call.start(task -> loops.next().spawn("ask", task::run), () -> upgraded(pool, endpoint));
            Peer peer = engine == null ? Peer.of(server.accept()) : secured(server.accept());
            if (!REQUEST.equals(text(peer.read(REQUEST.length())))) throw new AssertionError("another request came");
            peer.send((ANSWER + behind).getBytes(StandardCharsets.US_ASCII));
            var ends = new Ends(asking.value(), peer, pool::close);
            byte[] first = ends.call(c -> c.receive(behind.length())).value();
            if (!behind.equals(text(first))) throw new AssertionError("something else came first");
            return ends;
        }
    }

    private Endpoint endpoint(SocketAddress address) {
        var plain = Endpoint.of(address);
        return engine == null
                ? plain
                : plain.withTls(TlsClient.DEFAULT
                        .withEngine(engine)
                        .withTrust(TestIdentity.LOCALHOST.trust())
                        .withServerName("localhost"));
    }

    private static Connection upgraded(Pool pool, Endpoint endpoint) throws Exception {
        try (var exchange = ClientExchange.on(pool.connect(endpoint))) {
            exchange.send(
                    RequestHead.of("GET", "/", Headers.of("Host", "localhost", "Upgrade", "raw")),
                    ClientExchange.NO_BODY);
            if (exchange.receiveHead().status() != 101) throw new AssertionError("another answer came");
            return exchange.takeOver().transfer(Scope.PROCESS);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static Peer secured(SocketChannel accepted) throws Exception {
        Socket raw = accepted.socket();
        raw.setTcpNoDelay(true);
        var secured = (SSLSocket)
                TestIdentity.LOCALHOST.context().getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true);
        secured.setUseClientMode(false);
        secured.setSoTimeout((int) Await.LIMIT.toMillis());
        secured.startHandshake();
        return Peer.of(raw, secured);
    }
}
