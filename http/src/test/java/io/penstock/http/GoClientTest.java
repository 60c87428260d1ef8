package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.ScriptedServer.Client;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.Via;
import io.penstock.testkit.Call;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Go tests of its client, and Docker of its own, as bytes on a raw socket. Each test has the name of theirs; the head of an answer is
 * cut at every byte.
 */
class GoClientTest extends ClientTest {
    /** What the client and the server do for each place at which the answer is cut. */
    private interface Exchanging {
        void at(int cut) throws Exception;
    }

    private static void cutEverywhere(String answer, Exchanging exchanging) throws Exception {
        for (int cut = 1; cut < answer.length(); cut++) exchanging.at(cut);
    }

    private static void requireEnd(Connection raw, Client peer) throws Exception {
        peer.peer().halfClose();
        assertThat(raw.receiveAll()).isEmpty();
        raw.close();
        peer.peer().expectEnd();
        peer.close();
    }

    @Test
    void testTransportResponseBodyWritableOnProtocolSwitch() throws Exception { // transport_test.go
        String answer =
                "HTTP/1.1 101 Switching Protocols Hi\r\nConnection: upgRADe\r\nUpgrade: foo\r\n\r\nSome buffered data\n";
        cutEverywhere(answer, cut -> {
            Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "foo"));
            Client peer = server.accept();
            assertThat(peer.head())
                    .startsWith("GET / HTTP/1.1\r\n")
                    .contains("\r\nUpgrade: foo")
                    .contains("\r\nConnection: Upgrade");
            peer.sendCut(answer, cut);
            Connection raw = asking.value().connection();
            assertThat(raw.receiveLine()).isEqualTo("Some buffered data");
            raw.send("echo\n");
            peer.send(peer.text(5).toUpperCase(Locale.ROOT));
            assertThat(raw.receiveLine()).isEqualTo("ECHO");
            requireEnd(raw, peer);
        });
    }

    @Test
    void testTransportCONNECTBidi() throws Exception { // transport_test.go
        String answer = "HTTP/1.1 200 OK\r\n\r\n";
        cutEverywhere(answer, cut -> {
            Call<Upgraded> asking =
                    start(() -> client.connectTunnel(server.endpoint(), "Backend.EXAMPLE:443", Headers.of()));
            Client peer = server.accept();
            assertThat(peer.head()).isEqualTo("CONNECT Backend.EXAMPLE:443 HTTP/1.1\r\nHost: Backend.EXAMPLE:443");
            peer.sendCut(answer, cut);
            Connection raw = asking.value().connection();
            for (String line : List.of("foo", "bar", "baz")) {
                raw.send(line + "\n");
                peer.send(peer.text(4).toUpperCase(Locale.ROOT));
                assertThat(raw.receiveLine()).isEqualTo(line.toUpperCase(Locale.ROOT));
            }
            requireEnd(raw, peer);
        });
    }

    @Test
    void testTransportTreat101Terminal() throws Exception { // transport_test.go
        String answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        cutEverywhere(answer, cut -> {
            Call<Integer> asking = start(() -> {
                try (ClientExchange exchange = client.open(server.url("/"))) {
                    int status = exchange.receiveHead().status();
                    assertThat(exchange.body().receiveAll()).isEmpty();
                    return status;
                }
            });
            Client peer = server.accept();
            peer.head();
            peer.send(answer.substring(0, cut)).send(answer.substring(cut) + "HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(asking.value()).isEqualTo(101);
            peer.peer().readUntilGone();
            peer.close();
        });
        assertThat(pool.stats().idle()).isZero();
    }

    @Test
    void testTransportIgnore1xxResponses() throws Exception { // transport_test.go
        String answer = "HTTP/1.1 123 OneTwoThree\r\nFoo: bar\r\n\r\n"
                + "HTTP/1.1 103 Early\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nBar: baz\r\nContent-Length: 5\r\n\r\nHello";
        cutEverywhere(answer, cut -> {
            var interim = new ArrayList<String>();
            Call<String> asking = start(() -> {
                try (ClientExchange exchange = client.open(server.url("/"))) {
                    ResponseHead head = exchange.receiveHead(early -> interim.add(early.toString()));
                    return head.headers().first("Bar") + " "
                            + text(exchange.body().receiveAll());
                }
            });
            try (Client peer = server.accept()) {
                peer.head();
                peer.sendCut(answer, cut);
                assertThat(asking.value()).isEqualTo("baz Hello");
                assertThat(interim).containsExactly("HTTP/1.1 123 OneTwoThree", "HTTP/1.1 103 Early");
            }
        });
    }

    @Test
    void testTransportLimits1xxResponses() throws Exception { // transport_test.go
        Call<HttpClient.Response> asking = start(() -> client.get(server.url("/")));
        Client peer = server.accept();
        peer.head();
        for (int i = 0; i < 10; i++) peer.send("HTTP/1.1 123 OneTwoThree\r\nX: " + "x".repeat(8000) + "\r\n\r\n");
        assertThat(asking.failing(Reason.MALFORMED))
                .hasMessageContaining("the interim responses have more than 65536 bytes");
        peer.peer().readUntilGone();
        peer.close();
    }

    @Test
    void testTransportReading100Continue() throws Exception { // transport_test.go
        String answer = "HTTP/1.1 100 Continue\r\n\r\n";
        cutEverywhere(answer, cut -> {
            Call<Integer> asking = start(() -> {
                RequestHead put = RequestHead.of("PUT", server.url("/"), Headers.of("Expect", "100-continue"));
                try (ClientExchange exchange = client.open(put, 5)) {
                    ResponseHead head = exchange.receiveHead(early -> {
                        if (early.status() != 100) return;
                        exchange.output().send("hello");
                        exchange.output().finish();
                    });
                    return head.status();
                }
            });
            try (Client peer = server.accept()) {
                assertThat(peer.head()).endsWith("Content-Length: 5");
                peer.sendCut(answer, cut);
                assertThat(peer.text(5)).isEqualTo("hello");
                peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                assertThat(asking.value()).isEqualTo(204);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void testOnProxyConnectResponse(boolean agrees) throws Exception { // transport_test.go
        String answer = agrees
                ? "HTTP/1.1 200 OK\r\nX-Proxy: here\r\n\r\n"
                : "HTTP/1.1 404 Not Found\r\nX-Proxy: here\r\nContent-Length: 9\r\n\r\nnot there";
        Call<Upgraded> asking = start(() -> client.connectTunnel(server.endpoint(), "a.example:443", Headers.of()));
        Client peer = server.accept();
        peer.head();
        peer.send(answer);
        if (agrees) {
            Upgraded tunnel = asking.value();
            assertThat(tunnel.head().headers().first("X-Proxy")).isEqualTo("here");
            requireEnd(tunnel.connection(), peer);
        } else {
            HttpClient.Response answered =
                    asking.throwing(RefusedException.class).answer();
            assertThat(answered.status()).isEqualTo(404);
            assertThat(answered.head().headers().first("X-Proxy")).isEqualTo("here");
            assertThat(answered.text()).isEqualTo("not there");
            peer.close();
        }
    }

    @Test
    void testTransportProxyHTTPSConnectLeak()
            throws Exception { // transport_test.go: given up before the proxy has answered
        Call<Upgraded> asking =
                start(() -> client.connectTunnel(server.endpoint(), "golang.fake.tld:443", Headers.of()));
        Client peer = server.accept();
        peer.head();
        asking.parked().interrupt();
        asking.failing(Reason.INTERRUPTED);
        peer.peer().expectReset();
        peer.close();
        assertThat(pool.stats().open()).isZero();
    }

    @Test
    void testTransportProxyConnectHeader() throws Exception { // transport_test.go
        Call<Upgraded> asking = start(() -> client.connectTunnel(
                server.endpoint(), "golang.fake.tld:443", Headers.of("User-Agent", "foo", "Other", "bar")));
        Client peer = server.accept();
        assertThat(peer.head())
                .isEqualTo(
                        "CONNECT golang.fake.tld:443 HTTP/1.1\r\nUser-Agent: foo\r\nOther: bar\r\nHost: golang.fake.tld:443");
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        requireEnd(asking.value().connection(), peer);
    }

    @Test
    void testH12_WebSocketUpgrade() throws Exception { // clientserver_test.go
        String answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n\r\n";
        cutEverywhere(answer, cut -> {
            Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "websocket"));
            Client peer = server.accept();
            peer.head();
            peer.sendCut(answer, cut);
            assertThat(asking.value().head().headers().first("Sec-WebSocket-Accept"))
                    .isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            requireEnd(asking.value().connection(), peer);
        });
    }

    @Test
    void testConnectRequest() throws Exception { // clientserver_test.go
        for (String target : List.of("dst.example:443", "[::1]:443", "10.0.0.1:80")) {
            Call<Upgraded> asking =
                    start(() -> client.connectTunnel(server.endpoint(), target, Headers.of("Host", "other")));
            Client peer = server.accept();
            assertThat(peer.head()).isEqualTo("CONNECT " + target + " HTTP/1.1\r\nHost: other");
            peer.send("HTTP/1.1 200 OK\r\n\r\n");
            requireEnd(asking.value().connection(), peer);
        }
    }

    @Test
    void testDisableKeepAliveUpgrade() throws Exception { // serve_test.go
        Call<Upgraded> asking = start(() -> client.upgrade(
                RequestHead.of("GET", server.url("/"), Headers.of("Connection", "close")), "someproto", NOTHING));
        Client peer = server.accept();
        assertThat(peer.head()).endsWith("\r\nConnection: Upgrade").doesNotContain("close");
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: close, Upgrade\r\nUpgrade: someproto\r\n\r\n");
        Connection raw = asking.value().connection();
        raw.send("hello");
        peer.send(peer.text(5));
        assertThat(text(raw.receive(5))).isEqualTo("hello");
        requireEnd(raw, peer);
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void testTLSCloseWriter(TlsEngine engine) throws Exception { // moby client/hijack_test.go
        var tls = TlsClient.DEFAULT
                .withEngine(engine)
                .withTrust(TestIdentity.LOCALHOST.trust())
                .withServerName("localhost");
        Call<Upgraded> asking = start(
                () -> client.upgrade(server.endpoint().withTls(tls), RequestHead.of("POST", "/"), "tcp", bytes("{}")));
        Client peer = server.acceptTls();
        assertThat(peer.head()).startsWith("POST / HTTP/1.1\r\n").endsWith("Content-Length: 2\r\nConnection: Upgrade");
        assertThat(peer.text(2)).isEqualTo("{}");
        peer.send("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        assertThat(asking.value().head().headers().first("Content-Type")).endsWith("raw-stream");
        Connection raw = asking.value().connection();
        raw.send("hello");
        peer.send(peer.text(5));
        assertThat(text(raw.receive(5))).isEqualTo("hello");
        raw.shutdownOutput();
        peer.peer().expectEnd(); // a close_notify, as a FIN alone would be an error here
        assertThat(start(() -> raw.send("late")).failing(Reason.CLOSED)).hasMessageContaining("closed");
        peer.send("bye");
        assertThat(text(raw.receive(3))).isEqualTo("bye");
        raw.close();
        peer.close();
    }

    @Test
    void testConnectResponseBytes() throws Exception { // HC-8: a server that speaks first, behind a proxy
        String answer = "HTTP/1.1 200 OK\r\n\r\n220 mail.example ESMTP\r\n";
        var through =
                Endpoint.of("mail.example", 25).withVia(new Via.HttpConnect((InetSocketAddress) server.address()));
        cutEverywhere(answer, cut -> {
            Call<Connection> dialling = start(() -> pool.connect(through));
            Client peer = server.accept();
            assertThat(peer.head()).startsWith("CONNECT mail.example:25 HTTP/1.1\r\n");
            peer.sendCut(answer, cut);
            assertThat(dialling.value().receiveLine()).isEqualTo("220 mail.example ESMTP");
            requireEnd(dialling.value(), peer);
        });
    }

    @Test
    void clientConn()
            throws Exception { // clientconn_test.go: one connection outside of any pool, and when it takes a request
        Call<Connection> dialling =
                start(() -> io.penstock.net.Connector.of(loops).connect(server.address()));
        Connection connection = dialling.value();
        try (Client peer = server.accept()) {
            for (int i = 0; i < 3; i++) { // available, in flight, available
                try (var exchange = ClientExchange.on(connection)) {
                    exchange.send(RequestHead.of("GET", "/" + i, Headers.of("Host", "x")), ClientExchange.NO_BODY);
                    assertThat(exchange.reusable()).isFalse();
                    assertThat(peer.head()).startsWith("GET /" + i);
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
                    exchange.receiveHead();
                    assertThat(exchange.reusable()).isFalse();
                    peer.send("ok");
                    assertThat(text(exchange.body().receiveAll())).isEqualTo("ok");
                    assertThat(exchange.reusable()).isTrue();
                }
            }
            try (var last = ClientExchange.on(connection)) { // the hook: told when it has died
                var died = new java.util.concurrent.CompletableFuture<Reason>();
                connection.onInputEnd(died::complete);
                last.send(RequestHead.of("GET", "/", Headers.of("Host", "x")), ClientExchange.NO_BODY);
                peer.head();
                peer.peer().halfClose();
                assertThat(died.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo(Reason.EOF);
                assertThat(start(last::receiveHead).failing(Reason.EOF).phase()).isEqualTo(Phase.READ);
                assertThat(last.reusable()).isFalse();
            }
            connection.close();
        }
    }
}
