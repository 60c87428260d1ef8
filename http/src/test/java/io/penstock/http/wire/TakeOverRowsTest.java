package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Body;
import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakenOverException;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The byte-level checks of taking over, by their numbers in the specification: what leaves first, and what comes first. */
class TakeOverRowsTest extends WireTest {
    private static final String RAW = "RAW";

    private static void raw(Exchange exchange) throws ConnectionException {
        exchange.takeOver().send(RAW);
    }

    /** Whatever came already, in brackets, once there is as much as there will be. */
    private static void bracketed(Exchange exchange, int size) throws ConnectionException {
        Connection raw = exchange.takeOver();
        raw.send("RAW[" + textOf(raw, size) + "]");
    }

    @Test
    void row1_earlyAndNothingElse() throws Exception {
        requireEverywhere(get("/early"), TakeOverRowsTest::raw, RAW);
    }

    @Test
    void row2_whatFollowedTheRequestIsReadFirst() throws Exception {
        requireEverywhere(get("/early") + "abc", exchange -> bracketed(exchange, 3), "RAW[abc]");
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.peek(3);
                    raw.send("RAW[" + textOf(raw, raw.buffered()) + "]");
                });
                var client = connect(server)) {
            send(client, get("/early") + "abc");
            assertThat(receiveAll(client)).isEqualTo("RAW[abc]");
        }
    }

    @Test
    void row3_theHeadIsOutBeforeTheConnectionIsAnothers() throws Exception {
        requireEverywhere(
                get("/wh"),
                exchange -> {
                    exchange.start(ResponseHead.of(200, Headers.of("X-A", "1")));
                    raw(exchange);
                },
                "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\nRAW");
    }

    @Test
    void row4_whatWasWrittenIsNotLost() throws Exception {
        requireEverywhere(
                get("/lost"),
                exchange -> {
                    exchange.start(ResponseHead.of(200)).send("LOST");
                    exchange.takeOver().send("3\r\ntwo\r\n0\r\n\r\n");
                },
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nLOST\r\n3\r\ntwo\r\n0\r\n\r\n");
    }

    @Test
    void row5_theFramingIsGoneOnWithByHand() throws Exception {
        requireEverywhere(
                get("/flush"),
                exchange -> {
                    var body = exchange.start(ResponseHead.of(200));
                    body.send("one");
                    body.flush();
                    exchange.takeOver().send("3\r\ntwo\r\n0\r\n\r\n");
                },
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    }

    @Test
    void row6_behindA101() throws Exception {
        requireEverywhere(
                get("/101", "Connection: Upgrade", "Upgrade: x") + "early",
                exchange -> {
                    Connection raw = exchange.upgrade("x", Headers.of());
                    raw.send(raw.receive(5));
                },
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nearly");
    }

    @Test
    void row7_anUnreadBodyRaw() throws Exception {
        requireEverywhere(
                request("POST", "/body", "Content-Length: 5") + "helloEXTRA",
                exchange -> {
                    Connection raw = exchange.takeOver(UnreadBody.RAW);
                    raw.send(raw.receive(10));
                },
                "helloEXTRA");
    }

    @Test
    void row7b_anUnreadBodyDrained() throws Exception {
        requireEverywhere(
                request("POST", "/body", "Content-Length: 5") + "helloEXTRA",
                exchange -> {
                    Connection raw = exchange.takeOver(UnreadBody.drain(5));
                    raw.send(raw.receive(5));
                },
                "EXTRA");
    }

    @Test
    void row7c_anUnreadBodyRefused() throws Exception {
        requireEverywhere(
                request("POST", "/body", "Connection: close", "Content-Length: 5") + "helloEXTRA",
                exchange -> {
                    try {
                        exchange.takeOver();
                    } catch (IllegalStateException e) {
                        exchange.respond(ResponseHead.of(200), "no".getBytes(StandardCharsets.US_ASCII));
                    }
                },
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    }

    @Test
    void row8_aBodyThatWasReadToItsEnd() throws Exception {
        requireEverywhere(
                request("POST", "/body", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\nEXTRA",
                exchange -> {
                    exchange.body().receiveAll();
                    Connection raw = exchange.takeOver();
                    raw.send(raw.receive(5));
                },
                "EXTRA");
    }

    @Test
    void row9_aClientThatWaitsIsNotAskedToContinue() throws Exception {
        requireEverywhere(
                request("POST", "/", "Expect: 100-continue", "Content-Length: 5"),
                exchange -> exchange.takeOver(UnreadBody.RAW).send(RAW),
                RAW);
    }

    @Test
    void row10_aClientThatWaitsIsAskedByTheFirstRead() throws Exception {
        String asked = "HTTP/1.1 100 Continue\r\n\r\n";
        try (var server = serve(exchange -> {
                    Body body = exchange.body();
                    String text = new String(body.receiveAll(), StandardCharsets.US_ASCII);
                    Connection raw = exchange.takeOver();
                    raw.send(RAW + text + textOf(raw, 1));
                });
                var client = connect(server)) {
            send(client, request("POST", "/", "Expect: 100-continue", "Content-Length: 5"));
            assertThat(receive(client, asked.length())).isEqualTo(asked);
            send(client, "helloX");
            assertThat(receiveAll(client)).isEqualTo("RAWhelloX");
        }
    }

    @Test
    void row11_twice() throws Exception {
        requireEverywhere(
                get("/double"),
                exchange -> {
                    Connection raw = exchange.takeOver();
                    try {
                        exchange.takeOver();
                    } catch (TakenOverException e) {
                        raw.send("already-taken-over");
                    }
                },
                "already-taken-over");
    }

    private interface Use {
        void run() throws Exception;
    }

    private static String outcome(Use use) throws Exception {
        try {
            use.run();
            return "done";
        } catch (TakenOverException e) {
            return "taken";
        }
    }

    /** Where Go ignores a status and says so in its log, ours is refused as the other three, and said so in the log. */
    @Test
    void row12_theOldResponse() throws Exception {
        requireEverywhere(
                get("/after"),
                exchange -> {
                    var body = exchange.start(ResponseHead.of(200));
                    Connection raw = exchange.takeOver();
                    raw.send(String.join(
                            ",",
                            outcome(() -> exchange.respond(500, "")),
                            outcome(() -> body.send("x")),
                            outcome(() -> body.send("")),
                            outcome(body::flush)));
                },
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ntaken,taken,taken,taken");
    }

    @Test
    void row13_theSecondOfAPipeline() throws Exception {
        requireEverywhere(
                get("/ok") + get("/early") + "abc",
                exchange -> {
                    if (exchange.request().path().equals("/ok")) {
                        exchange.respond(ResponseHead.of(200), "ok".getBytes(StandardCharsets.US_ASCII));
                    } else {
                        bracketed(exchange, 3);
                    }
                },
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokRAW[abc]");
    }

    @Test
    void row14_aPipelinedRequestIsBytesAndIsNotAnswered() throws Exception {
        String next = get("/ok");
        requireEverywhere(get("/early") + next, exchange -> bracketed(exchange, next.length()), "RAW[" + next + "]");
        assertThat(seen).containsOnly("GET /early");
    }

    @Test
    void row19_behindAConnect() throws Exception {
        requireEverywhere(
                "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\26\3\1",
                exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.send("HTTP/1.1 200 OK\r\n\r\n");
                    raw.send(raw.receive(3));
                },
                "HTTP/1.1 200 OK\r\n\r\n\26\3\1");
        requireEverywhere(
                "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\26\3\1",
                exchange -> {
                    Connection raw = exchange.acceptConnect(Headers.of());
                    raw.send(raw.receive(3));
                },
                "HTTP/1.1 200 Connection established\r\n\r\n\26\3\1");
    }

    @Test
    void row22_thePrefaceOfHttp2() throws Exception {
        requireEverywhere(
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.send(raw.receive(6));
                },
                "SM\r\n\r\n");
        assertThat(seen).containsOnly("PRI *");
    }
}
