package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.testkit.LeakCheck;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request and its answer look like on the other side of the proxy. */
class ForwardingTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    /** The scheduler of the virtual threads, for the same tests on the other one. */
    Scheduler scheduler() {
        return Scheduler.LOOP;
    }

    private Rig.Setup before(Origin origin) {
        return Rig.before(origin).scheduler(scheduler());
    }

    @Test
    void aRequestReachesTheOriginByteForByteWithWhatAProxyAdds() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send("GET /a/b?c=d%20e HTTP/1.1\nHost: example.com:8080\nX-One: 1\nX-Two:   2  \nX-One: 3\n\n");
            assertThat(client.answer("GET").body()).isEqualTo("ok");

            Message request = origin.request();
            assertThat(request.start()).isEqualTo("GET /a/b?c=d%20e HTTP/1.1");
            assertThat(request.fields())
                    .containsExactly(
                            "Host: example.com:8080",
                            "X-One: 1",
                            "X-Two: 2",
                            "X-One: 3",
                            "Via: 1.1 penstock",
                            "Forwarded: for=127.0.0.1;host=\"example.com:8080\";proto=http",
                            "X-Forwarded-For: 127.0.0.1",
                            "X-Forwarded-Host: example.com:8080",
                            "X-Forwarded-Proto: http");
        }
    }

    @Test
    void anAnswerReachesTheClientWithItsFieldsInOrderAndVia() throws Exception {
        try (var origin = Origin.replying(
                        "HTTP/1.1 203 Quite So\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                                + "Content-Length: 3\r\n\r\nyes");
                var rig = before(origin).start()) {
            Message answer = rig.get("/");
            assertThat(answer.start()).isEqualTo("HTTP/1.1 203 Quite So");
            assertThat(answer.fields())
                    .containsExactly(
                            "Date: Sun, 06 Nov 1994 08:49:37 GMT",
                            "Set-Cookie: a=1",
                            "Set-Cookie: b=2",
                            "Content-Length: 3",
                            "Via: 1.1 penstock");
            assertThat(answer.body()).isEqualTo("yes");
        }
    }

    @Test
    void fieldsOfOneHopAreNotPassedOnInEitherDirection() throws Exception {
        try (var origin = Origin.replying("HTTP/1.1 200 OK\r\nConnection: x-inner, Keep-Alive\r\nX-Inner: 1\r\n"
                        + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\n"
                        + "Upgrade: h2c\r\nX-Kept: 2\r\n"
                        + "Content-Length: 0\r\n\r\n");
                var rig = before(origin).start()) {
            Message answer = rig.get(
                    "/",
                    "Connection: x-foo , Upgrade, TE",
                    "Connection: X-BAR",
                    "X-Foo: 1",
                    "x-foo: 2",
                    "x-bar: 3",
                    "Keep-Alive: 5",
                    "Proxy-Connection: keep-alive",
                    "Proxy-Authorization: Basic c2VjcmV0",
                    "TE: gzip",
                    "Upgrade: other",
                    "X-Kept: 1");

            Message request = origin.request();
            for (String gone : new String[] {
                "Connection", "X-Foo", "X-Bar", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Upgrade"
            }) {
                assertThat(request.all(gone)).as(gone).isEmpty();
            }
            assertThat(request.field("X-Kept")).isEqualTo("1");
            for (String gone : new String[] {
                "Connection", "X-Inner", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Upgrade"
            }) {
                assertThat(answer.all(gone)).as(gone).isEmpty();
            }
            assertThat(answer.field("X-Kept")).isEqualTo("2");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"trailers", "deflate;q=0.5, Trailers"})
    void anOriginIsToldThatTheClientTakesTrailersAndOfNoOtherCoding(String codings) throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start()) {
            rig.get("/", "Connection: TE", "TE: " + codings);
            Message request = origin.request();
            assertThat(request.all("TE")).containsExactly("trailers");
            assertThat(request.all("Connection")).containsExactly("TE");
        }
    }

    @Test
    void aClientCannotHaveHostOrLengthStrippedByNamingThemInConnection() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send(
                    "POST / HTTP/1.1\nHost: a\nConnection: host, content-length, x-forwarded-for, via\nContent-Length: 3\n\nabc");
            assertThat(client.answer("POST").status()).isEqualTo(200);
            Message request = origin.request();
            assertThat(request.field("Host")).isEqualTo("a");
            assertThat(request.body()).isEqualTo("abc");
            assertThat(request.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(request.field("Via")).isEqualTo("1.1 penstock");
        }
    }

    @Test
    void anAbsoluteTargetBecomesAPathAndDecidesTheHost() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send("GET http://there.test:81/x?y HTTP/1.1\nHost: elsewhere.test\n\n");
            assertThat(client.answer("GET").status()).isEqualTo(200);
            client.send("GET http://there.test HTTP/1.1\nHost: elsewhere.test\n\n");
            assertThat(client.answer("GET").status()).isEqualTo(200);
            assertThat(origin.requests()).extracting(Message::target).containsExactly("/x?y", "/");
            assertThat(origin.requests().get(0).field("Host")).isEqualTo("there.test:81");
            assertThat(origin.requests().get(0).field("X-Forwarded-Host")).isEqualTo("there.test:81");
            assertThat(origin.requests().get(1).field("Host")).isEqualTo("there.test");
        }
    }

    @Test
    void whatAnUntrustedClientSaysAboutItsWayIsReplaced() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start()) {
            rig.get(
                    "/",
                    "Forwarded: for=6.6.6.6",
                    "X-Forwarded-For: 6.6.6.6",
                    "X-Forwarded-Host: evil",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Port: 666",
                    "x-forwarded-prefix: /evil",
                    "Via: 1.0 earlier");
            Message request = origin.request();
            assertThat(request.field("Forwarded")).isEqualTo("for=127.0.0.1;host=\"proxy.test\";proto=http");
            assertThat(request.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(request.field("X-Forwarded-Host")).isEqualTo("proxy.test");
            assertThat(request.field("X-Forwarded-Proto")).isEqualTo("http");
            assertThat(request.has("X-Forwarded-Port")).isFalse();
            assertThat(request.has("X-Forwarded-Prefix")).isFalse();
            assertThat(request.field("Via")).isEqualTo("1.0 earlier, 1.1 penstock");
        }
    }

    @Test
    void whatATrustedClientSaysAboutItsWayIsAddedTo() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin)
                        .options(ProxyOptions.DEFAULT.withTrustForwarded(true))
                        .start()) {
            rig.get(
                    "/",
                    "Forwarded: for=6.6.6.6",
                    "X-Forwarded-For: 6.6.6.6",
                    "X-Forwarded-For: 7.7.7.7",
                    "X-Forwarded-Host: outer.test",
                    "X-Forwarded-Proto: https",
                    "X-Forwarded-Port: 443");
            Message request = origin.request();
            assertThat(request.field("Forwarded"))
                    .isEqualTo("for=6.6.6.6, for=127.0.0.1;host=\"proxy.test\";proto=http");
            assertThat(request.field("X-Forwarded-For")).isEqualTo("6.6.6.6, 7.7.7.7, 127.0.0.1");
            assertThat(request.field("X-Forwarded-Host")).isEqualTo("outer.test");
            assertThat(request.field("X-Forwarded-Proto")).isEqualTo("https");
            assertThat(request.field("X-Forwarded-Port")).isEqualTo("443");
        }
    }

    @Test
    void anHttp10ClientIsAnsweredInItsOwnWay() throws Exception {
        try (var origin = Origin.replying(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send("GET /old HTTP/1.0\n\n");
            Message answer = client.answer("GET");
            assertThat(answer.field("Connection")).isEqualTo("close");
            assertThat(answer.has("Transfer-Encoding")).isFalse();
            assertThat(answer.body()).isEqualTo("abc");
            Message request = origin.request();
            assertThat(request.start()).isEqualTo("GET /old HTTP/1.1");
            assertThat(request.field("Via")).isEqualTo("1.0 penstock");
            // an HTTP/1.1 request must name a host (RFC 9112 section 3.2), and this client has named none
            assertThat(request.all("Host")).hasSize(1);
        }
    }

    @Test
    void anHttp10ClientMayKeepItsConnectionWhereTheLengthIsKnown() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) {
                client.send("GET / HTTP/1.0\nHost: a\nConnection: keep-alive\n\n");
                Message answer = client.answer("GET");
                assertThat(answer.field("Connection")).isEqualTo("keep-alive");
                assertThat(answer.body()).isEqualTo("ok");
            }
        }
    }

    @Test
    void anHttp10OriginThatEndsItsAnswerByClosingIsChunkedForTheClient() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.0 200 OK\r\n\r\nuntil the end");
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) {
                Message answer = client.get("/");
                assertThat(answer.field("Transfer-Encoding")).isEqualTo("chunked");
                assertThat(answer.field("Via")).isEqualTo("1.0 penstock");
                assertThat(answer.body()).isEqualTo("until the end");
            }
            assertThat(origin.connections()).isEqualTo(2);
        }
    }

    @Test
    void chunksAndTrailersPassThrough() throws Exception {
        try (var origin = Origin.replying(
                        request -> "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                                + "2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: " + request.trailers()
                                + "\r\nContent-Length: 7\r\n\r\n");
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) {
                client.send(
                        "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n2\nde\n0\nX-Up: 9\nHost: evil\n\n");
                Message answer = client.answer("POST");
                assertThat(answer.body()).isEqualTo("abc");
                assertThat(answer.field("Trailer")).isEqualTo("X-Sum");
                assertThat(answer.trailers()).containsExactly("X-Sum: [X-Up: 9]");
            }
            assertThat(origin.requests()).allSatisfy(request -> {
                assertThat(request.body()).isEqualTo("abcde");
                assertThat(request.field("Transfer-Encoding")).isEqualTo("chunked");
            });
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void headHasTheFieldsButNoBodyAndKeepsBothConnections() throws Exception {
        try (var origin = Origin.replying(request -> request.method().equals("HEAD")
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
                        : Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            Message answer = client.ask("HEAD", "/");
            assertThat(answer.field("Content-Length")).isEqualTo("1234");
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void statusesWithoutABodyKeepBothConnections() throws Exception {
        try (var origin = Origin.replying(request -> switch (request.target()) {
                    case "/204" -> "HTTP/1.1 204 No Content\r\n\r\n";
                    case "/304" -> "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n";
                    default -> Origin.OK;
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            assertThat(client.get("/204").has("Content-Length")).isFalse();
            Message unchanged = client.get("/304", "If-None-Match: \"x\"");
            assertThat(unchanged.field("Content-Length")).isEqualTo("99");
            assertThat(unchanged.field("ETag")).isEqualTo("\"x\"");
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrderAndReachTheOriginSeparately() throws Exception {
        try (var origin = Origin.replying(request -> "HTTP/1.1 200 OK\r\nContent-Length: "
                        + request.target().length() + "\r\n\r\n" + request.target());
                var rig = before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            if (transaction.request().method().equals("DELETE")) transaction.respond(403, "no");
                        }))
                        .start();
                var client = rig.client()) {
            client.send("GET /first HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n"
                    + "GET /second HTTP/1.1\nHost: a\nContent-Length: 5\n\n12345"
                    + "DELETE /third HTTP/1.1\nHost: a\nContent-Length: 19\n\nGET /smuggled HTTP/1"
                            .replace("smuggled HTTP/1", "smuggled HTTP")
                    + "POST /fourth HTTP/1.1\nHost: a\nContent-Length: 0\n\nGET /fifth HTTP/1.1\nHost: a\n\n");
            assertThat(client.answer("GET").body()).isEqualTo("/first");
            assertThat(client.answer("GET").body()).isEqualTo("/second");
            assertThat(client.answer("DELETE").status()).isEqualTo(403);
            assertThat(client.answer("POST").body()).isEqualTo("/fourth");
            assertThat(client.answer("GET").body()).isEqualTo("/fifth");
            assertThat(origin.requests())
                    .extracting(Message::target)
                    .containsExactly("/first", "/second", "/fourth", "/fifth");
            assertThat(origin.requests().get(1).body()).isEqualTo("12345");
            assertThat(origin.requests().get(2).field("Content-Length")).isEqualTo("0");
        }
    }

    @Test
    void twoLengthsAreRefusedAndTheOriginSeesNothing() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send("POST / HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 6\n\nabcdef");
            assertThat(client.answer("POST").status()).isEqualTo(400);
            assertThat(client.isAtEnd()).isTrue();
            assertThat(origin.connections()).isZero();
        }
    }

    @Test
    void earlyHintsArePassedOnBeforeTheAnswerButNotToAnHttp10Client() throws Exception {
        try (var origin = Origin.replying(
                        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-inner\r\nX-Inner: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n"
                                + Origin.OK);
                var rig = before(origin).start();
                var client = rig.client();
                var old = rig.client()) {
            client.sendHead("GET", "/");
            Message first = client.answer("GET");
            assertThat(first.status()).isEqualTo(103);
            assertThat(first.fields()).containsExactly("Link: </a.css>", "Via: 1.1 penstock");
            assertThat(client.answer("GET").field("Link")).isEqualTo("</b.css>");
            assertThat(client.answer("GET").body()).isEqualTo("ok");
            old.send("GET / HTTP/1.0\n\n");
            assertThat(old.answer("GET").status()).isEqualTo(200);
        }
    }

    @Test
    void connectionsToTheOriginAreReusedAcrossClients() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start()) {
            for (int i = 0; i < 5; i++) {
                try (var client = rig.client()) {
                    assertThat(client.get("/").body()).isEqualTo("ok");
                }
            }
            assertThat(origin.connections()).isEqualTo(1);
            assertThat(rig.record().reused()).isFalse();
            assertThat(rig.record().reused()).isTrue();
        }
    }

    @Test
    void anOriginThatSaysCloseIsNotAskedAgainOnThatConnectionButTheClientIsKept() throws Exception {
        try (var origin = Origin.replying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++)
                assertThat(client.get("/").has("Connection")).isFalse();
            assertThat(origin.connections()).isEqualTo(3);
        }
    }

    @Test
    void bytesBehindAnAnswerAreNeverTakenForTheNextOne() throws Exception {
        try (var origin = Origin.replying(Origin.OK + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) assertThat(client.get("/").body()).isEqualTo("ok");
        }
    }

    @Test
    void connectIsRefusedAndTheConnectionEnded() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.send("CONNECT there.test:443 HTTP/1.1\nHost: there.test:443\n\n");
            Message answer = client.answer("CONNECT");
            assertThat(answer.status()).isEqualTo(501);
            assertThat(answer.field("Connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
            assertThat(origin.connections()).isZero();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(TransactionRecord.EndedBy.PENSTOCK);
            assertThat(record.phase()).isEqualTo(Phase.ROUTE);
        }
    }

    @Test
    void maxForwardsIsCountedDownForTraceAndOptionsOnly() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.ask("OPTIONS", "/", "Max-Forwards: 2");
            client.ask("TRACE", "/", "Max-Forwards: 1");
            client.ask("GET", "/", "Max-Forwards: 0");
            client.ask("OPTIONS", "/", "Max-Forwards: many");
            client.ask("OPTIONS", "/");
            assertThat(origin.requests())
                    .extracting(request -> request.field("Max-Forwards"))
                    .containsExactly("1", "0", "0", "many", null);
        }
    }

    @Test
    void theLastRecipientByMaxForwardsAnswersItself() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            Message options = client.ask("OPTIONS", "/", "Max-Forwards: 0");
            assertThat(options.status()).isEqualTo(200);
            assertThat(options.body()).isEmpty();
            Message trace =
                    client.ask("TRACE", "/x", "Max-Forwards: 0", "Cookie: secret", "Authorization: secret", "X-A: b");
            assertThat(trace.status()).isEqualTo(200);
            assertThat(trace.field("Content-Type")).isEqualTo("message/http");
            assertThat(trace.body())
                    .startsWith("TRACE /x HTTP/1.1\r\nHost: proxy.test\r\n")
                    .contains("X-A: b\r\n")
                    .doesNotContain("secret");
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(origin.requests()).hasSize(1);
        }
    }

    @Test
    void optionsForTheServerAsSuchAreAnsweredByIt() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            assertThat(client.ask("OPTIONS", "*").status()).isEqualTo(200);
            assertThat(client.ask("OPTIONS", "/").status()).isEqualTo(200);
            assertThat(origin.requests()).extracting(Message::target).containsExactly("/");
        }
    }

    @Test
    void eachProxyOnTheWayIsNamedInVia() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var inner = before(origin)
                        .options(ProxyOptions.DEFAULT.withName("inner").withTrustForwarded(true))
                        .start();
                var outer = Rig.before(inner.address()).scheduler(scheduler()).start()) {
            try (var client = outer.client()) {
                client.sendHead("PUT", "/x", "Transfer-Encoding: chunked").send("3\nabc\n0\nX-T: 1\n\n");
                Message answer = client.answer("PUT");
                assertThat(answer.body()).isEqualTo("ok");
                assertThat(answer.field("Via")).isEqualTo("1.1 inner, 1.1 penstock");
            }
            Message request = origin.request();
            assertThat(request.field("Via")).isEqualTo("1.1 penstock, 1.1 inner");
            assertThat(request.field("X-Forwarded-For")).isEqualTo("127.0.0.1, 127.0.0.1");
            assertThat(request.field("X-Forwarded-Host")).isEqualTo("proxy.test");
            assertThat(request.body()).isEqualTo("abc");
            assertThat(request.trailers()).containsExactly("X-T: 1");
        }
    }

    @Test
    void aRequestForNobodyIsAnswered404() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).only("example.com", "/api").start();
                var client = rig.client()) {
            assertThat(client.get("/api").status()).isEqualTo(404);
            client.send("GET /api/x HTTP/1.1\nHost: EXAMPLE.com:80\n\n");
            assertThat(client.answer("GET").status()).isEqualTo(200);
            client.send("GET /apix HTTP/1.1\nHost: example.com\n\n");
            assertThat(client.answer("GET").status()).isEqualTo(404);
            assertThat(origin.requests()).hasSize(1);
            TransactionRecord first = rig.record();
            assertThat(first.status()).isEqualTo(404);
            assertThat(first.endedBy()).isEqualTo(TransactionRecord.EndedBy.PENSTOCK);
            assertThat(first.phase()).isEqualTo(Phase.ROUTE);
            assertThat(first.upstream()).isNull();
        }
    }

    @Test
    void anUnresolvedOriginIsResolvedWhenItIsDialled() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(InetSocketAddress.createUnresolved(
                                "localhost", origin.address().getPort()))
                        .scheduler(scheduler())
                        .start()) {
            assertThat(rig.get("/").body()).isEqualTo("ok");
        }
    }
}
