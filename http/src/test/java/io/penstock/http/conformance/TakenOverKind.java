package io.penstock.http.conformance;

import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TestIdentity;
import io.penstock.http.internal.HttpService;
import io.penstock.net.Connection;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsServer;
import io.penstock.testkit.Await;
import io.penstock.testkit.Ends;
import io.penstock.testkit.Peer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Connections that a handler has taken over from an HTTP/1.1 server; the client is a socket of the JDK's.
 *
 * @param engine what secures them; null for plain TCP
 * @param early what the client sends in one piece with the head of its request, which is received before the test begins
 */
record TakenOverKind(@Nullable TlsEngine engine, String early) implements TakenOverStream {
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @Override
    public Ends open(Loops loops) throws Exception {
        var taken = new CompletableFuture<Connection>();
        Handler take = exchange -> taken.complete(exchange.takeOver().transfer(Scope.PROCESS));
        var service = new HttpService(HttpServerOptions.DEFAULT, take);
        var options = engine == null
                ? ListenerOptions.DEFAULT
                : ListenerOptions.DEFAULT.withTls(
                        TlsServer.of(TestIdentity.LOCALHOST.identity()).withEngine(engine));
        var unused = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (var listener = Listener.open(loops, unused, options, service::serve)) {
            Peer peer = engine == null ? Peer.of(SocketChannel.open(listener.address())) : secured(listener.address());
            peer.send((HEAD + early).getBytes(StandardCharsets.US_ASCII));
            Connection connection = taken.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
            var ends = new Ends(connection, peer, () -> {});
            byte[] first = ends.call(c -> c.receive(early.length())).value();
            if (!early.equals(new String(first, StandardCharsets.US_ASCII))) {
                throw new AssertionError("something else came first");
            }
            return ends;
        }
    }

    private static Peer secured(SocketAddress address) throws Exception {
        var raw = new Socket();
        raw.connect(address);
        raw.setTcpNoDelay(true);
        var secured = (SSLSocket)
                TestIdentity.LOCALHOST.context().getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true);
        secured.setSoTimeout((int) Await.LIMIT.toMillis());
        secured.startHandshake();
        return Peer.of(raw, secured);
    }
}
