package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.ScriptedServer.Client;
import io.penstock.http.internal.HttpUrl;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ServiceAddress;
import io.penstock.net.TlsClient;
import io.penstock.testkit.Call;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client does with the connections of its pool: streams on them, and leaving HTTP. */
class HttpClientTest extends ClientTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    // ---- streams

    @Test
    void aStreamIsReceivedWhileItComesAndItsConnectionKept() throws Exception {
        var first = new CompletableFuture<String>();
        Call<String> asking = start(() -> {
            try (ClientExchange exchange = client.open(server.url("/big?q"))) {
                assertThat(exchange.receiveHead().status()).isEqualTo(200);
                first.complete(text(exchange.body().receive(3)));
                return text(exchange.body().receiveAll());
            }
        });
        try (Client peer = server.accept()) {
            assertThat(peer.head()).startsWith("GET /big?q HTTP/1.1\r\nHost: 127.0.0.1:");
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            assertThat(first.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("abc");
            peer.send("3\r\ndef\r\n0\r\n\r\n");
            assertThat(asking.value()).isEqualTo("def");
            Awaitility.await().until(() -> pool.stats().idle() == 1);

            Call<HttpClient.Response> next = start(() -> client.get(server.url("/next")));
            assertThat(peer.head()).startsWith("GET /next ");
            peer.send(OK);
            assertThat(next.value().text()).isEqualTo("ok");
        }
    }

    @Test
    void aBodyIsSentInPiecesWhileTheAnswerComes() throws Exception {
        Call<String> asking = start(() -> {
            RequestHead post = RequestHead.of("POST", server.url("/"));
            try (ClientExchange exchange = client.open(post, ClientExchange.CHUNKED)) {
                exchange.output().send("one");
                exchange.receiveHead();
                String echo = text(exchange.body().receive(3));
                exchange.output().send("two");
                exchange.output().finish();
                return echo + text(exchange.body().receiveAll());
            }
        });
        try (Client peer = server.accept()) {
            assertThat(peer.head()).endsWith("Transfer-Encoding: chunked");
            assertThat(peer.text(8)).isEqualTo("3\r\none\r\n");
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nONE");
            assertThat(peer.text(13)).isEqualTo("3\r\ntwo\r\n0\r\n\r\n");
            peer.send("TWO");
            assertThat(asking.value()).isEqualTo("ONETWO");
            Awaitility.await().until(() -> pool.stats().idle() == 1);
        }
    }

    @Test
    void anExchangeThatIsClosedBeforeItsEndAbortsItsConnection() throws Exception {
        Call<Boolean> asking = start(() -> {
            try (ClientExchange exchange = client.open(server.url("/"))) {
                exchange.receiveHead();
                exchange.body().receive(1);
                return exchange.reusable();
            }
        });
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
            assertThat(asking.value()).isFalse();
            peer.peer().expectReset();
        }
        Awaitility.await().until(() -> pool.stats().open() == 0);
    }

    @Test
    void beforeTheHeadClosingFromAnotherThreadCancels() throws Exception {
        var opened = new CompletableFuture<ClientExchange>();
        Call<ResponseHead> asking = start(() -> {
            ClientExchange exchange = client.open(server.url("/"));
            opened.complete(exchange);
            return exchange.receiveHead();
        });
        try (Client peer = server.accept()) {
            peer.head();
            asking.parked();
            opened.get().close();
            asking.failing(Reason.CLOSED);
            peer.peer().expectReset();
            opened.get().close();
        }
    }

    @Test
    void aDeadKeptConnectionIsReplacedWhereNothingCanBeDoneTwice() throws Exception {
        Client kept = keepOne();
        Call<String> asking = start(() -> {
            try (ClientExchange exchange = client.open(server.url("/again"))) {
                exchange.receiveHead();
                return text(exchange.body().receiveAll());
            }
        });
        kept.head();
        kept.close();
        try (Client fresh = server.accept()) {
            assertThat(fresh.head()).startsWith("GET /again ");
            fresh.send(OK);
            assertThat(asking.value()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT"})
    void aDeadKeptConnectionIsToldWhereItCannotBeReplaced(String method) throws Exception {
        Client kept = keepOne();
        Call<ResponseHead> asking = start(() -> {
            RequestHead head = RequestHead.of(method, server.url("/"));
            try (ClientExchange exchange = client.open(head, method.equals("PUT") ? 2 : ClientExchange.NO_BODY)) {
                if (method.equals("PUT")) exchange.output().send("ok");
                exchange.output().finish();
                return exchange.receiveHead();
            }
        });
        kept.head();
        if (method.equals("PUT")) kept.text(2);
        kept.close();
        asking.failing(Reason.EOF);
    }

    private Client keepOne() throws Exception {
        Call<HttpClient.Response> first = start(() -> client.get(server.url("/")));
        Client peer = server.accept();
        peer.head();
        peer.send(OK);
        first.value();
        Awaitility.await().until(() -> pool.stats().idle() == 1);
        return peer;
    }

    @Test
    void anOpenedExchangeHasSentItsRequest() throws Exception {
        Call<Boolean> asking = start(() -> {
            try (ClientExchange exchange = client.open(server.url("/"))) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> exchange.send(RequestHead.of("GET", "/"), ClientExchange.NO_BODY))
                        .withMessageContaining("GET / HTTP/1.1");
                return exchange.output().isFinished();
            }
        });
        try (Client peer = server.accept()) {
            assertThat(asking.value()).isTrue();
            peer.peer().readUntilGone();
        }
    }

    // ---- where to

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "127.0.0.1:8080/hello | a URL begins with http:// or https://",
                "/hello               | a path alone needs an Endpoint",
                "ws://a/              | WebSocket.connect takes ws://",
                "ftp://a/             | not with ftp://",
                "http:///hello        | needs a host",
                "http://a:99999/      | a port of 1 to 65535",
                "http://a:b/          | a port of 1 to 65535",
                "http://a/b c         | ' ' has to be encoded, as %20",
                "http://a/ä           | 'ä' has to be encoded, as %C3%A4",
                "http://me:pw@a/      | into its Authorization",
                "http://a/#b          | what follows # is never sent"
            })
    void aUrlThatIsNoneIsRefusedWithWhatToWriteInstead(String url, String hint) {
        assertThatIllegalArgumentException().isThrownBy(() -> client.get(url)).withMessageContaining(hint);
        assertThatIllegalArgumentException().isThrownBy(() -> client.open(url)).withMessageContaining(hint);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> client.upgrade(url, "x"))
                .withMessageContaining(hint);
    }

    @ParameterizedTest
    @CsvSource({"http://a, a, 80", "https://a/b?c, a, 443", "HTTP://a:81/, a, 81", "http://[::1]:81/, ::1, 81"})
    void aUrlSaysWhereItLeads(String url, String host, int port) {
        HttpUrl.require(url);
        String authority = RequestHead.of("GET", url).authority();
        assertThat(HttpUrl.address(authority, url.startsWith("https") ? 443 : 80))
                .isEqualTo(InetSocketAddress.createUnresolved(host, port));
    }

    @Test
    void whoIsAskedByAnEndpointIsCalledByItsAddressUnlessTheRequestSaysHow() throws Exception {
        for (Headers said : new Headers[] {Headers.of(), Headers.of("Host", "else.example")}) {
            Call<HttpClient.Response> asking =
                    start(() -> client.send(server.endpoint(), RequestHead.of("GET", "/", said), NOTHING));
            try (Client peer = server.accept()) {
                String host = said.isEmpty()
                        ? "127.0.0.1:" + ((InetSocketAddress) server.address()).getPort()
                        : "else.example";
                assertThat(peer.head()).isEqualTo("GET / HTTP/1.1\r\nHost: " + host);
                peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                assertThat(asking.value().status()).isEqualTo(204);
            }
        }
        assertThat(HttpUrl.host(UnixDomainSocketAddress.of("/x"), 80)).isEqualTo("localhost");
        assertThat(HttpUrl.host(new InetSocketAddress("::1", 443), 443))
                .startsWith("[")
                .endsWith("1]");
        assertThat(HttpUrl.host(ServiceAddress.of("_http._tcp.a.example"), 80)).isEqualTo("a.example");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 99999999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1000001\r\n"})
    void anAnswerThatDoesNotFitIsTooLongAndSaysWhatToDo(String framing) throws Exception {
        Call<HttpClient.Response> asking = start(() -> client.get(server.url("/")));
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 200 OK\r\n" + framing);
            Call.onPlatformThread(() -> {
                while (!asking.isDone()) peer.send("x".repeat(100_000));
                return true;
            });
            assertThat(asking.failing(Reason.TOO_LONG)).hasMessageContaining("open(...) has it as a stream");
        }
    }

    // ---- leaving HTTP

    @Test
    void aRefusedUpgradeTellsWhatTheServerSaid() throws Exception {
        String body = "{\"message\":\"No such exec instance: 1\"}\n";
        Call<Upgraded> asking = start(() -> client.upgrade(server.url("/exec/1/start"), "tcp"));
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body);
            RefusedException refused = asking.throwing(RefusedException.class);
            assertThat(refused)
                    .hasMessage("the server at 127.0.0.1" + server.address()
                            + " has answered 'GET /exec/1/start HTTP/1.1' with 404 Not Found: " + body.strip());
            assertThat(refused.answer().status()).isEqualTo(404);
            assertThat(refused.answer().head().headers().first("Content-Type")).isEqualTo("application/json");
            assertThat(refused.answer().text()).isEqualTo(body);
            Awaitility.await().until(() -> pool.stats().idle() == 1);
        }
    }

    @Test
    void aRefusalWhoseTextBeginsWithItsStatusSaysThatOnce() throws Exception {
        Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "tcp"));
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 35\r\n\r\n426 Upgrade Required: this is a hub");
            assertThat(asking.throwing(RefusedException.class))
                    .hasMessageEndingWith(" has answered 'GET / HTTP/1.1' with 426 Upgrade Required: this is a hub");
        }
    }

    @Test
    void aRefusalThatBreaksOffTellsWhatCame() throws Exception {
        Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "tcp"));
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nwhat ca");
            peer.peer().halfClose();
            assertThat(asking.throwing(RefusedException.class).answer().text()).isEqualTo("what ca");
        }
        Awaitility.await().until(() -> pool.stats().open() == 0);
    }

    @Test
    void theConnectionIsOutOfThePoolAndOnlyItsOwnerEndsIt() throws Exception {
        var raws = new Connection[4];
        var peers = new Client[4];
        for (int i = 0; i < raws.length; i++) { // twice the limit of the pool
            Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "x, y/2"));
            peers[i] = server.accept();
            assertThat(peers[i].head()).contains("Upgrade: x, y/2");
            peers[i].send("HTTP/1.1 101 X\r\nUpgrade: Y/2\r\n\r\nhi");
            raws[i] = asking.value().connection();
        }
        assertThat(pool.stats().open()).isZero();
        pool.close();
        for (int i = 0; i < raws.length; i++) {
            assertThat(text(raws[i].receive(2))).isEqualTo("hi");
            raws[i].close();
            peers[i].peer().expectEnd();
            peers[i].close();
        }
    }

    @Test
    void whatWasNotOfferedIsNotAccepted() throws Exception {
        Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "tcp"));
        try (Client peer = server.accept()) {
            peer.head();
            peer.send("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
            assertThat(asking.failing(Reason.MALFORMED)).hasMessageContaining("'h2c', which was not offered: tcp");
            peer.peer().expectReset();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Upgrade: tcp\r\n", "Connection: Upgrade\r\n"})
    void aBare101IsAcceptedUnlessByTheLetter(String fields) throws Exception {
        for (boolean strict : new boolean[] {false, true}) {
            HttpClient asked = strict ? client.withStrictUpgrades() : client;
            Call<Upgraded> asking = start(() -> asked.upgrade(server.url("/"), "tcp"));
            try (Client peer = server.accept()) {
                peer.head();
                peer.send("HTTP/1.1 101 X\r\n" + fields + "\r\n");
                if (strict) {
                    assertThat(asking.failing(Reason.MALFORMED)).hasMessageContaining("101");
                } else {
                    asking.value().connection().close();
                }
            }
        }
    }

    @Test
    void overAUnixSocketWithABody(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("docker.sock");
        try (var docker = ScriptedServer.open(path)) {
            var start = RequestHead.of("POST", "/exec/1/start", Headers.of("Host", "docker"));
            Call<Upgraded> asking = start(() -> client.upgrade(docker.endpoint(), start, "tcp", bytes("{}")));
            try (Client peer = docker.accept()) {
                assertThat(peer.head())
                        .isEqualTo("POST /exec/1/start HTTP/1.1\r\nHost: docker\r\nUpgrade: tcp\r\n"
                                + "Content-Length: 2\r\nConnection: Upgrade");
                assertThat(peer.text(2)).isEqualTo("{}");
                peer.send("HTTP/1.1 101 UPGRADED\r\n\r\nout");
                Connection raw = asking.value().connection();
                raw.send("in");
                raw.shutdownOutput();
                assertThat(peer.text(2)).isEqualTo("in");
                peer.peer().expectEnd();
                peer.send("put");
                peer.close();
                assertThat(text(raw.receiveAll())).isEqualTo("output");
                raw.close();
            }
        }
        assertThat(Files.exists(path)).isFalse();
    }

    @Test
    void interruptionBeforeTheHeadAbortsAndAfterwardsEndsNothing() throws Exception {
        Call<Upgraded> asking = start(() -> client.upgrade(server.url("/"), "tcp"));
        Client peer = server.accept();
        peer.head();
        asking.parked().interrupt();
        asking.failing(Reason.INTERRUPTED);
        peer.peer().expectReset();
        peer.close();

        Call<Upgraded> again = start(() -> {
            Upgraded upgraded = client.upgrade(server.url("/"), "tcp");
            Thread.currentThread().interrupt();
            return upgraded;
        });
        peer = server.accept();
        peer.head();
        peer.send("HTTP/1.1 101 X\r\n\r\n");
        Connection raw = again.value().connection();
        peer.send("still here");
        assertThat(text(raw.receive(10))).isEqualTo("still here");
        raw.close();
        peer.close();
    }

    @Test
    void misuseIsRefusedAtOnce() {
        for (String protocols : new String[] {"", "a b", "tcp,", "a/b/c", "/1", "a/"}) {
            assertThatIllegalArgumentException()
                    .as(protocols)
                    .isThrownBy(() -> client.upgrade("http://127.0.0.1:1/", protocols))
                    .withMessageContaining("name or name/version");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> client.upgrade("ftp://127.0.0.1/", "tcp"));
        assertThatIllegalArgumentException().isThrownBy(() -> client.open("/path"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> client.connectTunnel(server.endpoint(), "no port", Headers.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        client.upgrade(server.endpoint(), RequestHead.of("CONNECT", "a.example:1"), "tcp", NOTHING));
        assertThat(client.withTls(TlsClient.DEFAULT).withStrictUpgrades()).isNotSameAs(client);
        assertThat(pool.stats().dialled()).isZero();
    }
}
