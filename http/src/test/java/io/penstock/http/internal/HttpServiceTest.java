package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client sees of a server, byte for byte, but for the date. */
class HttpServiceTest {
    private static Loops loops;

    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void open() {
        // handlers fail here on purpose
        ((ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger(ServerExchange.class))
                .setLevel(ch.qos.logback.classic.Level.OFF);
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    }

    @AfterAll
    static void close() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private Served serve(Handler handler) {
        return serve(HttpServerOptions.DEFAULT, handler);
    }

    private Served serve(HttpServerOptions options, Handler handler) {
        return Served.by(loops.next(), options, exchange -> {
            seen.add(exchange.request().toString());
            handler.handle(exchange);
        });
    }

    private static void hello(Exchange exchange) throws ConnectionException {
        exchange.respond(200, "hello " + exchange.request().path() + "\n");
    }

    private static void echo(Exchange exchange) throws ConnectionException {
        exchange.respond(ResponseHead.of(200), exchange.body().receiveAll());
    }

    private static String request(String method, String path, String... fields) {
        var text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: x\r\n");
        for (String field : fields) text.append(field).append("\r\n");
        return text.append("\r\n").toString();
    }

    private static String get(String path) {
        return request("GET", path);
    }

    private static String dateless(String answer) {
        return answer.replaceAll("Date: [^\r]*\r\n", "");
    }

    // ---- the connection

    @Test
    void anAnswerIsCompleteAndDated() throws Exception {
        try (var served = serve(HttpServiceTest::hello)) {
            served.send(get("/a")).client().shutdownOutput();
            String answer = served.receiveAll();
            assertThat(answer)
                    .containsPattern(
                            "\r\nDate: [A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\r\n");
            assertThat(dateless(answer))
                    .isEqualTo(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n\r\nhello /a\n");
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrderHoweverTheyAreCut() throws Exception {
        String three = get("/1") + request("POST", "/2", "Content-Length: 5") + "hello"
                + request("POST", "/3", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n"
                + request("GET", "/4", "Connection: close");
        for (int size : new int[] {1, 2, 7, 50, 1000}) {
            seen.clear();
            try (var served = serve(HttpServiceTest::hello)) {
                String answer = served.sendInPieces(three, size).receiveAll();
                assertThat(answer.split("hello /", -1)).hasSize(5);
                assertThat(seen)
                        .containsExactly("GET /1 HTTP/1.1", "POST /2 HTTP/1.1", "POST /3 HTTP/1.1", "GET /4 HTTP/1.1");
                assertThat(answer).containsOnlyOnce("Connection: close");
            }
        }
    }

    @Test
    void bodiesArriveCutAnywhere() throws Exception {
        String message = request("POST", "/", "Transfer-Encoding: chunked", "Connection: close")
                + "3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";
        for (int cut = 1; cut < message.length(); cut++) {
            try (var served = serve(HttpServiceTest::echo)) {
                served.send(message.substring(0, cut)).send(message.substring(cut));
                assertThat(served.receiveAll()).endsWith("\r\n\r\nabcde");
            }
        }
    }

    @Test
    void anHttp10ClientIsClosedUnlessItAsksOtherwise() throws Exception {
        try (var served = serve(HttpServiceTest::hello)) {
            served.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(served.receiveAnswer())
                    .contains("\nConnection: keep-alive\n")
                    .endsWith("hello /1\n");
            served.send("GET /2 HTTP/1.0\r\n\r\n");
            assertThat(served.receiveAll()).contains("Connection: close").endsWith("hello /2\n");
        }
    }

    @Test
    void aConnectionEndsAfterItsNumberOfRequests() throws Exception {
        try (var served = serve(HttpServerOptions.DEFAULT.withRequestsPerConnection(2), HttpServiceTest::hello)) {
            served.send(get("/1") + get("/2") + get("/3"));
            assertThat(served.receiveAnswer()).doesNotContain("close");
            assertThat(served.receiveAll()).contains("Connection: close").endsWith("hello /2\n");
            assertThat(seen).hasSize(2);
        }
    }

    @Test
    void theHandlersCloseIsHeeded() throws Exception {
        try (var served = serve(e -> e.respond(200, Headers.of("connection", "close, x-y"), new byte[0]))) {
            served.send(get("/1") + get("/2"));
            assertThat(dateless(served.receiveAll()))
                    .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    }

    @Test
    void whoeverLeavesInTheMiddleOfAHeadIsNotAnswered() throws Exception {
        try (var served = serve(HttpServiceTest::hello)) {
            served.send("GET / HTTP/1.1\r\nHost:").client().shutdownOutput();
            assertThat(served.receiveAll()).isEmpty();
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    // ---- answers

    @Test
    void aStreamedAnswerIsChunkedWithTrailers() throws Exception {
        try (var served = serve(HttpServiceTest::streamAbc)) {
            served.send(request("GET", "/", "Connection: close"));
            assertThat(dateless(served.receiveAll()))
                    .isEqualTo("HTTP/1.1 203 Mine\r\nX: y\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                            + "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n");
        }
    }

    private static void streamAbc(Exchange exchange) throws ConnectionException {
        BodyOutput body = exchange.start(
                ResponseHead.of(203, "Mine", Headers.of("Transfer-Encoding", "gzip", "Keep-Alive", "x", "X", "y")));
        body.send("abc");
        body.finish(Headers.of("X-Sum", "6"));
        assertThat(exchange.bytesSent()).isEqualTo(3);
        assertThat(exchange.status()).isEqualTo(203);
    }

    @Test
    void aStreamedAnswerToHttp10EndsWithTheConnection() throws Exception {
        try (var served = serve(HttpServiceTest::streamAbc)) {
            served.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(dateless(served.receiveAll()))
                    .isEqualTo("HTTP/1.1 203 Mine\r\nX: y\r\nConnection: close\r\n\r\nabc");
        }
    }

    @Test
    void anUnfinishedChunkedBodyIsFinishedForTheHandler() throws Exception {
        try (var served = serve(exchange -> exchange.start(ResponseHead.of(200)).send("abc"))) {
            served.send(request("GET", "/", "Connection: close"));
            assertThat(served.receiveAll()).endsWith("\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void someAnswersHaveNoBodyWhateverTheHandlerDoes(int status) throws Exception {
        try (var served = serve(exchange -> exchange.respond(status, "nothing to see"))) {
            served.send(get("/1")).send(request("GET", "/2", "Connection: close"));
            String answer = served.receiveAll();
            assertThat(answer).doesNotContain("nothing", "Content-Length", "Transfer-Encoding");
            assertThat(answer.split("HTTP/1.1 " + status, -1)).hasSize(3);
        }
    }

    @Test
    void headIsAnsweredLikeGetWithoutTheBody() throws Exception {
        try (var served = serve(exchange -> {
            if (exchange.request().path().equals("/1")) {
                hello(exchange);
            } else {
                exchange.start(ResponseHead.of(200, Headers.of("Content-Length", "1000")))
                        .send("whatever");
            }
        })) {
            served.send(request("HEAD", "/1") + request("HEAD", "/2", "Connection: close"));
            assertThat(dateless(served.receiveAll()))
                    .isEqualTo("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n\r\n"
                            + "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n");
        }
    }

    @Test
    void aBodyShorterThanAnnouncedAbortsTheConnection() throws Exception {
        try (var served = serve(exchange -> exchange.start(ResponseHead.of(200, Headers.of("Content-Length", "5")))
                .send("abc"))) {
            served.send(get("/"));
            assertThatThrownBy(served::receiveAll)
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.RESET));
        }
    }

    @Test
    void aBodyLongerThanAnnouncedAbortsTheConnection() throws Exception {
        try (var served = serve(exchange -> exchange.start(ResponseHead.of(200, Headers.of("Content-Length", "2")))
                .send("abc"))) {
            served.send(get("/"));
            assertThatThrownBy(served::receiveAll).isInstanceOf(ConnectionException.class);
        }
    }

    @Test
    void aSecondAnswerIsRefusedAndChangesNothing() throws Exception {
        try (var served = serve(exchange -> {
            exchange.respond(200, "one");
            assertThatIllegalStateException().isThrownBy(() -> exchange.respond(500, "two"));
            assertThatIllegalStateException().isThrownBy(() -> exchange.start(ResponseHead.of(200)));
            assertThatIllegalStateException().isThrownBy(() -> exchange.inform(ResponseHead.of(103)));
            assertThat(exchange.committed()).isTrue();
        })) {
            served.send(request("GET", "/", "Connection: close"));
            assertThat(served.receiveAll()).startsWith("HTTP/1.1 200 OK").endsWith("\r\n\r\none");
        }
    }

    @Test
    void aHandlerThatFailsBehindACompleteAnswerHasTheClientKeepIt() throws Exception {
        for (Handler handler : List.<Handler>of(exchange -> exchange.respond(200, "whole"), exchange -> {
            var body = exchange.start(ResponseHead.of(200));
            body.send("whole");
            body.finish();
        })) {
            try (var served = serve(exchange -> {
                handler.handle(exchange);
                exchange.respond(500, "again");
            })) {
                assertThat(served.send(get("/")).receiveAll())
                        .startsWith("HTTP/1.1 200 OK\r\n")
                        .contains("whole")
                        .doesNotContain("500", "again");
            }
        }
    }

    @Test
    void aHandlerThatFailsOrForgetsIsAnswered500() throws Exception {
        for (Handler handler : List.<Handler>of(
                exchange -> {
                    throw new IllegalArgumentException("on purpose");
                },
                exchange -> {},
                exchange -> exchange.respond(200, Headers.of("X", "a\r\nSet-Cookie: evil"), new byte[0]))) {
            try (var served = serve(handler)) {
                served.send(get("/"));
                String answer = served.receiveAll();
                assertThat(answer)
                        .startsWith("HTTP/1.1 500 Internal Server Error\r\n")
                        .doesNotContain("purpose", "evil");
                assertThat(served.awaitEnd()).isTrue();
            }
        }
    }

    @Test
    void aHandlerThatFailsInTheMiddleAbortsTheConnection() throws Exception {
        try (var served = serve(exchange -> {
            exchange.start(ResponseHead.of(200)).send("abc");
            throw new IllegalArgumentException("on purpose");
        })) {
            served.send(get("/"));
            assertThatThrownBy(served::receiveAll)
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.RESET));
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void largeBodiesStreamBothWays() throws Exception {
        String body = "0123456789abcdef".repeat(64 * 1024);
        try (var served = serve(exchange -> exchange.respond(ResponseHead.of(200), exchange.body()))) {
            loops.next()
                    .spawn(
                            "sender",
                            () -> served.send(
                                    request("POST", "/", "Content-Length: " + body.length(), "Connection: close")
                                            + body));
            assertThat(served.receiveAll()).endsWith("\r\n\r\n" + body);
        }
    }

    // ---- interim responses and expectations

    @Test
    void interimResponsesComeBeforeTheAnswerAndNotToHttp10() throws Exception {
        Handler handler = exchange -> {
            exchange.inform(ResponseHead.of(103, Headers.of("Link", "</a.css>")));
            hello(exchange);
        };
        try (var served = serve(handler)) {
            served.send(request("GET", "/", "Connection: close"));
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n");
        }
        try (var served = serve(handler)) {
            served.send("GET / HTTP/1.0\r\n\r\n");
            assertThat(served.receiveAll()).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    void theFirstReadOfAnExpectedBodyAsksForItOnce() throws Exception {
        try (var served = serve(exchange -> {
            if (exchange.body().length() == 0) {
                hello(exchange);
                return;
            }
            byte[] first = exchange.body().receive(1);
            exchange.respond(
                    200,
                    new String(first, StandardCharsets.ISO_8859_1)
                            + exchange.body().receiveLine());
        })) {
            served.send(request("POST", "/", "Content-Length: 5", "Expect: 100-Continue"));
            assertThat(served.receive(25)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            served.send("abcd\n");
            assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 200 OK").endsWith("\n\nabcd");
            served.send(get("/next"));
            assertThat(served.receiveAnswer()).endsWith("hello /next\n");
        }
    }

    @Test
    void anExpectedBodyThatNobodyAskedForIsNotWaitedFor() throws Exception {
        try (var served = serve(HttpServiceTest::hello)) {
            served.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 200 OK")
                    .contains("Connection: close")
                    .doesNotContain("100 Continue");
            assertThat(seen).hasSize(1);
        }
    }

    @Test
    void anHttp10ClientIsNeverAskedToContinue() throws Exception {
        try (var served = serve(HttpServiceTest::echo)) {
            served.send("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
            assertThat(served.receiveAll()).startsWith("HTTP/1.1 200 OK").endsWith("abc");
        }
    }

    // ---- bodies nobody reads

    @Test
    void anUnreadBodyIsDroppedAndNeverTakenForARequest() throws Exception {
        String evil = get("/evil");
        try (var served = serve(HttpServiceTest::hello)) {
            served.send(request("POST", "/1", "Content-Length: " + (evil.length() + 5)) + "hello");
            assertThat(served.receiveAnswer()).endsWith("hello /1\n");
            served.send(evil).send(request("GET", "/2", "Connection: close"));
            assertThat(served.receiveAll()).endsWith("hello /2\n");
            assertThat(seen).containsExactly("POST /1 HTTP/1.1", "GET /2 HTTP/1.1");
        }
    }

    @Test
    void aHalfReadBodyIsDroppedAsWell() throws Exception {
        try (var served = serve(exchange -> {
            exchange.body().receive(Math.min(2, (int) Math.abs(exchange.body().length())));
            hello(exchange);
        })) {
            served.send(request("POST", "/1", "Transfer-Encoding: chunked") + "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n");
            assertThat(served.receiveAnswer()).endsWith("hello /1\n");
            served.send(request("GET", "/2", "Content-Length: 2", "Connection: close") + "xy");
            assertThat(served.receiveAll()).endsWith("hello /2\n");
        }
    }

    @Test
    void moreUnreadThanTheLimitEndsTheConnectionBehindTheAnswer() throws Exception {
        var options = HttpServerOptions.DEFAULT.withBody(Long.MAX_VALUE, 10);
        try (var served = serve(options, HttpServiceTest::hello)) {
            served.send(request("POST", "/1", "Content-Length: 11") + get("/evil"));
            assertThat(served.receiveAll()).contains("Connection: close").endsWith("hello /1\n");
        }
        try (var served = serve(options, HttpServiceTest::hello)) {
            served.send(request("POST", "/1", "Transfer-Encoding: chunked") + "b\r\nhello world\r\n0\r\n\r\n"
                    + get("/evil"));
            assertThat(served.receiveAll()).endsWith("hello /1\n");
        }
        assertThat(seen).containsExactly("POST /1 HTTP/1.1", "POST /1 HTTP/1.1");
    }

    @Test
    void aMalformedRestOfABodyEndsTheConnectionBehindTheAnswer() throws Exception {
        try (var served = serve(HttpServiceTest::hello)) {
            served.send(request("POST", "/1", "Transfer-Encoding: chunked") + "xyz\r\n" + get("/evil"));
            assertThat(served.receiveAll()).endsWith("hello /1\n");
            assertThat(seen).hasSize(1);
        }
    }

    // ---- limits

    @Test
    void bodiesAboveTheLimitAreRefused() throws Exception {
        var options = HttpServerOptions.DEFAULT.withBody(5, 100);
        try (var served = serve(options, HttpServiceTest::echo)) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello");
            assertThat(served.receiveAnswer()).endsWith("\n\nhello");
            served.send(request("POST", "/", "Content-Length: 6") + "hello!");
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 413 Content Too Large")
                    .contains("Connection: close");
        }
        try (var served = serve(options, HttpServiceTest::echo)) {
            served.send(request("POST", "/", "Transfer-Encoding: chunked") + "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n");
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 413 Content Too Large")
                    .contains("Connection: close");
        }
    }

    @Test
    void headsAboveTheLimitsAreRefused() throws Exception {
        var options = HttpServerOptions.DEFAULT.withHead(100, 200, 5);
        List<String> heads = List.of(
                "414 URI Too Long", get("/" + "a".repeat(100)),
                "431 Request Header Fields Too Large", request("GET", "/", "X: " + "a".repeat(200)),
                "431 Request Header Fields Too Large", request("GET", "/", "a: b", "a: b", "a: b", "a: b", "a: b"));
        for (int i = 0; i < heads.size(); i += 2) {
            try (var served = serve(options, HttpServiceTest::hello)) {
                served.send(heads.get(i + 1));
                assertThat(served.receiveAll())
                        .startsWith("HTTP/1.1 " + heads.get(i))
                        .contains("Connection: close");
                assertThat(seen).isEmpty();
            }
        }
    }

    // ---- time

    private static HttpServerOptions timeouts(int head, int idle, int body) {
        return HttpServerOptions.DEFAULT.withTimeouts(
                Duration.ofMillis(head), Duration.ofMillis(idle), Duration.ofMillis(body), Duration.ofSeconds(5));
    }

    @Test
    void aHeadThatTricklesIsCutOff() throws Exception {
        try (var served = serve(timeouts(300, 10_000, 10_000), HttpServiceTest::hello)) {
            long begun = System.nanoTime();
            loops.next().spawn("trickle", () -> {
                served.send("GET / HTTP/1.1\r\nHost: x\r\n");
                while (served.client().isOpen()) {
                    served.send("X: y\r\n");
                    Thread.sleep(20); // a slow client: what is tested is that its bytes do not help it
                }
            });
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 408 Request Timeout")
                    .contains("Connection: close");
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
        }
    }

    @Test
    void anIdleConnectionIsClosedSilently() throws Exception {
        try (var served = serve(timeouts(10_000, 100, 10_000), HttpServiceTest::hello)) {
            served.send(get("/"));
            assertThat(served.receiveAnswer()).endsWith("hello /\n");
            assertThat(served.receiveAll()).isEmpty();
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void aBodyThatStopsIsAnswered408() throws Exception {
        try (var served = serve(timeouts(10_000, 10_000, 100), HttpServiceTest::echo)) {
            served.send(request("POST", "/", "Content-Length: 5") + "hel");
            assertThat(served.receiveAll())
                    .startsWith("HTTP/1.1 408 Request Timeout")
                    .contains("Connection: close");
        }
    }

    @Test
    void theIdleTimeoutIsBackAfterABody() throws Exception {
        try (var served = serve(timeouts(10_000, 10_000, 50), HttpServiceTest::echo)) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello");
            assertThat(served.receiveAnswer()).endsWith("hello");
            served.client().timeouts(served.client().timeouts().withRead(Duration.ofMillis(200)));
            assertThatThrownBy(() -> served.client().receive(1))
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
            served.send(request("POST", "/", "Content-Length: 5") + "again");
            assertThat(served.receiveAnswer()).endsWith("again");
        }
    }

    // ---- the end

    @Test
    void whileDrainingEveryAnswerIsTheLast() throws Exception {
        var service = new HttpService(HttpServerOptions.DEFAULT, HttpServiceTest::hello);
        try (var served = Served.by(loops.next(), service)) {
            served.send(get("/1"));
            assertThat(served.receiveAnswer()).doesNotContain("close");
            service.drain();
            served.send(get("/2"));
            assertThat(served.receiveAll()).contains("Connection: close").endsWith("hello /2\n");
        }
    }

    @Test
    void idleConnectionsEndWhenToldAndBusyOnesFinish() throws Exception {
        var service = new HttpService(HttpServerOptions.DEFAULT, HttpServiceTest::echo);
        try (var idle = Served.by(loops.next(), service);
                var busy = Served.by(loops.next(), service)) {
            idle.send(get("/1"));
            assertThat(idle.receiveAnswer()).startsWith("HTTP/1.1 200 OK");
            busy.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(busy.receive(25)).endsWith("Continue\r\n\r\n");
            assertThat(service.busy()).isEqualTo(1);
            service.drain();
            service.closeIdle();
            assertThat(idle.receiveAll()).isEmpty();
            assertThat(idle.awaitEnd()).isTrue();
            busy.send("hello");
            assertThat(busy.receiveAll()).contains("Connection: close").endsWith("hello");
            assertThat(busy.awaitEnd()).isTrue();
        }
    }

    @Test
    void theHandlerHearsOfConnectionsAndRefusals() throws Exception {
        var handler = new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                hello(exchange);
            }

            @Override
            public void opened(io.penstock.net.Connection connection) {
                seen.add("opened");
            }

            @Override
            public void refused(io.penstock.net.Connection connection, int status, String reason) {
                seen.add(status + " " + reason);
            }

            @Override
            public void closed(io.penstock.net.Connection connection) {
                seen.add("closed");
            }
        };
        try (var served = Served.by(loops.next(), HttpServerOptions.DEFAULT, handler)) {
            served.send(get("/") + "GET / HTTP/1.1\r\n\r\n");
            served.receiveAll();
            assertThat(served.awaitEnd()).isTrue();
            assertThat(seen).containsExactly("opened", "400 an HTTP/1.1 request must have a Host field", "closed");
        }
    }
}
