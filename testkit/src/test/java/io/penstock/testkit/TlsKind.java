package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Connections over TCP that are secured by one of the engines with TLS 1.3; the peer is a TLS socket of the JDK. */
record TlsKind(Origin origin, TlsEngine engine) implements ConnectionKind {
    private static final Certificates AUTHORITY = Certificates.authority();
    private static final TlsIdentity IDENTITY = AUTHORITY.identity("localhost");
    private static final SSLContext PEER = context();

    @Override
    public Ends open(Loops loops) throws Exception {
        return origin == Origin.ACCEPTED ? accepted(loops) : dialled(loops);
    }

    private Ends accepted(Loops loops) throws Exception {
        var accepted = new CompletableFuture<Connection>();
        var ended = new CountDownLatch(1);
        Listener.Handler hold = connection -> {
            accepted.complete(connection);
            ended.await();
        };
        var options = ListenerOptions.DEFAULT.withTls(TlsServer.of(IDENTITY).withEngine(engine));
        try (var listener = Listener.open(loops, Family.TCP.unused(), options, hold)) {
            var raw = new Socket();
            raw.connect(listener.address());
            var peer = secured(raw, true);
            return new Ends(accepted.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS), peer, ended::countDown);
        }
    }

    private Ends dialled(Loops loops) throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var options = TlsClient.DEFAULT
                    .withEngine(engine)
                    .withTrust(AUTHORITY.trust())
                    .withServerName("localhost");
            var endpoint = Endpoint.of(server.getLocalSocketAddress()).withTls(options);
            var dialling = Call.start(task -> loops.next().spawn("dial", task::run), () -> {
                var made = Connector.of(loops).connect(endpoint);
                made.transfer(Scope.PROCESS);
                return made;
            });
            var peer = secured(server.accept(), false);
            return new Ends(dialling.value(), peer, () -> {});
        }
    }

    private static TlsPeer secured(Socket raw, boolean client) throws Exception {
        raw.setTcpNoDelay(true);
        var secured = (SSLSocket) PEER.getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true);
        secured.setUseClientMode(client);
        secured.setSoTimeout((int) Await.LIMIT.toMillis());
        secured.startHandshake();
        return new TlsPeer(raw, secured);
    }

    private static SSLContext context() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    "server", IDENTITY.key(), new char[0], IDENTITY.chain().toArray(new Certificate[0]));
            store.setCertificateEntry("authority", AUTHORITY.root());
            var keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(store, new char[0]);
            var trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException("no TLS for the peer", e);
        }
    }

    @Override
    public boolean isTcp() {
        return true;
    }

    @Override
    public boolean abortsAsReset() {
        return true;
    }

    @Override
    public long mostUnderWay() {
        return 16L << 20;
    }
}
