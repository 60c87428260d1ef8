package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.http.Body;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Delimited;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The body of a request as an input: every way to receive, never past its end, the same for every framing and every cut. Numbers are
 * those of OpenResty's t/067.
 */
class RequestBodyTest extends GroundTest {
    private static final String MULTIPART = "This is the preamble.\r\n--simple boundary\r\n\r\n"
            + "This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.\r\n--simple boundary\r\n"
            + "Content-type: text/plain; charset=us-ascii\r\n\r\n"
            + "This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n\r\n--simple boundary--\r\n"
            + "This is the epilogue.";

    /** A body by its length, or in chunks of at most so many bytes. */
    private static String post(String path, String body, int chunk) {
        if (chunk == 0) return request("POST", path, "Content-Length: " + body.length()) + body;
        var text = new StringBuilder(request("POST", path, "Transfer-Encoding: chunked"));
        for (int at = 0; at < body.length(); at += chunk) {
            String piece = body.substring(at, Math.min(body.length(), at + chunk));
            text.append(Integer.toHexString(piece.length()))
                    .append("\r\n")
                    .append(piece)
                    .append("\r\n");
        }
        return text.append("0\r\n\r\n").toString();
    }

    private static ConnectionException failing(Body body, int size) {
        return catchThrowableOfType(ConnectionException.class, () -> body.receive(size));
    }

    /** Runs with the body framed in all ways, each cut in two at every place and into small pieces. */
    private void whateverFraming(String body, Handler handler, String expected) throws Exception {
        for (int chunk : new int[] {0, 1, 5, 1000}) {
            String sent = post("/", body, chunk) + post("/", body, chunk);
            for (int cut = 1; cut < sent.length(); cut += Math.max(1, sent.length() / 150)) {
                try (var served = serve(handler)) {
                    served.send(sent.substring(0, cut)).send(sent.substring(cut));
                    assertThat(served.receiveAnswer()).endsWith("\n\n" + expected);
                    assertThat(served.receiveAnswer()).endsWith("\n\n" + expected);
                }
            }
            for (int size : new int[] {1, 2, 7}) {
                try (var served = serve(handler)) {
                    served.sendInPieces(sent, size);
                    assertThat(served.receiveAnswer()).endsWith("\n\n" + expected);
                    assertThat(served.receiveAnswer()).endsWith("\n\n" + expected);
                }
            }
        }
    }

    @Test
    void itEndsWhereItEnds() throws Exception { // 1, 6, 8, 9, 10, 18
        whateverFraming(
                "hello world",
                exchange -> {
                    Body body = exchange.body();
                    String all = text(body.receive(5)) + "|" + text(body.receive(5));
                    ConnectionException end = failing(body, 5);
                    assertThat(end.reason()).isEqualTo(Reason.EOF);
                    assertThat(failing(body, 5).partial()).isEmpty();
                    assertThat(body.receiveAll()).isEmpty();
                    assertThat(body.isComplete()).isTrue();
                    exchange.respond(200, all + "|" + text(end.partial()));
                },
                "hello| worl|d");
    }

    @Test
    void everyWayToReceiveWorks() throws Exception {
        whateverFraming(
                "one\r\ntwo\nabcdefgh",
                exchange -> {
                    Body body = exchange.body();
                    var all = new StringBuilder(body.receiveLine() + "," + body.receiveLine() + ",");
                    assertThat(body.peek(2).remaining()).isEqualTo(2);
                    all.append(text(body.receive(1)))
                            .append(',')
                            .append(text(body.receiveUntil("d").next()));
                    body.unread(java.nio.ByteBuffer.wrap(new byte[] {'X'}));
                    byte[] rest = new byte[4];
                    assertThat(body.inputStream().readNBytes(rest, 0, 4)).isEqualTo(4);
                    all.append(',').append(text(rest)).append(',');
                    while (body.peek(1).hasRemaining()) all.append(text(body.receiveAny(1)));
                    assertThat(body.receiveAll()).isEmpty();
                    exchange.respond(200, all.toString());
                },
                "one,two,a,bc,Xefg,h");
    }

    @Test
    void aMultipartBodyIsTakenApartByItsBoundaries() throws Exception { // 2, 3
        whateverFraming(
                MULTIPART,
                exchange -> {
                    var parts = new ArrayList<String>();
                    Delimited boundaries = exchange.body().receiveUntil("\r\n--simple boundary");
                    parts.add(text(boundaries.next()));
                    while (exchange.body().receiveLine().isEmpty()) {
                        while (!exchange.body().receiveLine().isEmpty()) parts.add("+");
                        parts.add(text(boundaries.next()));
                    }
                    parts.add(text(exchange.body().receiveAll()));
                    exchange.respond(200, String.join("/", parts));
                },
                "This is the preamble./This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak./+/"
                        + "This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n/"
                        + "This is the epilogue.");
    }

    @Test
    void aLargePartComesInPiecesOfTheSizeAskedFor() throws Exception { // 5
        String body = "x".repeat(56) + "a".repeat(8192) + "$" + "b".repeat(100) + "\r\n--end";
        for (int chunk : new int[] {0, 1000}) {
            try (var served = serve(exchange -> {
                exchange.body().receive(56);
                Delimited parts = exchange.body().receiveUntil("\r\n--end");
                byte[] first = parts.next(8192);
                exchange.respond(
                        200,
                        first.length + text(parts.next(1)) + text(parts.next()).length());
            })) {
                served.send(post("/", body, chunk));
                assertThat(served.receiveAnswer()).endsWith("\n\n8192$100");
            }
        }
    }

    @Test
    void aBodyThatWasKeptIsDeadInTheNextExchange() throws Exception { // 4
        var kept = new CompletableFuture<Body>();
        try (var served = serve(exchange -> {
            if (kept.isDone()) {
                assertThat(failing(kept.get(), 1).reason()).isEqualTo(Reason.CLOSED);
            } else {
                kept.complete(exchange.body());
                exchange.body().receive(2);
            }
            exchange.respond(200, text(exchange.body().receiveAll()));
        })) {
            served.send(post("/", "hello", 0)).send(post("/", "world", 0));
            assertThat(served.receiveAnswer()).endsWith("llo");
            assertThat(served.receiveAnswer()).endsWith("world");
        }
    }

    @Test
    void withoutABodyThereIsNothingToReceive() throws Exception { // 11, 12
        for (String head : List.of(get("/"), request("POST", "/", "Content-Length: 0"), post("/", "", 5))) {
            try (var served = serve(exchange -> {
                assertThat(failing(exchange.body(), 1).reason()).isEqualTo(Reason.EOF);
                assertThat(exchange.body().receiveAll()).isEmpty();
                hello(exchange);
            })) {
                served.send(head);
                assertThat(served.receiveAnswer()).endsWith("hello /\n");
            }
        }
    }

    @Test
    void aTimeoutGivesWhatHasComeAndReceivingGoesOn() throws Exception { // 13-16
        try (var served = serve(exchange -> {
            exchange.connection().timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(100)));
            ConnectionException first = failing(exchange.body(), 11);
            assertThat(first.reason()).isEqualTo(Reason.TIMEOUT);
            ConnectionException second = failing(exchange.body(), 3);
            assertThat(second.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(second.partial()).isEmpty();
            exchange.inform(io.penstock.http.ResponseHead.of(103));
            exchange.connection().timeouts(Timeouts.DEFAULT);
            exchange.respond(
                    200, text(first.partial()) + "|" + text(exchange.body().receiveAll()));
        })) {
            served.send(request("POST", "/", "Content-Length: 11") + "hello");
            assertThat(served.client().receiveLine()).startsWith("HTTP/1.1 103");
            assertThat(served.client().receiveLine()).isEmpty();
            assertThat(served.send(" world").receiveAnswer()).endsWith("hello| world");
        }
    }

    @Test
    void aClientThatLeavesWithinItsBodyIsAnEndWithWhatHasCome() throws Exception { // 20, t/100#17-18
        for (int chunk : new int[] {0, 4}) {
            String sent = post("/", "hello\r\n--bound and no more", chunk);
            for (int cut = sent.indexOf("\r\n\r\n") + 4; cut < sent.length() - 1; cut++) {
                var partial = new CompletableFuture<ConnectionException>();
                try (var served = serve(exchange -> {
                    partial.complete(catchThrowableOfType(
                            ConnectionException.class,
                            () -> exchange.body().receiveUntil("\r\n--boundary").next()));
                    hello(exchange);
                })) {
                    served.send(sent.substring(0, cut)).client().shutdownOutput();
                    assertThat(partial.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.EOF);
                    assertThat(text(partial.get().partial()))
                            .isEqualTo(bodyIn(sent.substring(sent.indexOf("\r\n\r\n") + 4, cut), chunk, 26));
                    assertThat(served.receiveAll()).endsWith("hello /\n");
                }
            }
        }
    }

    /** What has come of a body of that length with this beginning on the wire, in chunks of that size if it is not 0. */
    private static String bodyIn(String wire, int chunk, int length) {
        if (chunk == 0) return wire;
        var body = new StringBuilder();
        int framed = chunk + 5; // its size, which has one digit, and two line ends
        for (int at = 3; at < wire.length(); at += framed) {
            body.append(wire, at, Math.min(wire.length(), at + chunk));
        }
        return body.substring(0, Math.min(body.length(), length));
    }

    @Test
    void aThreadMayReadTheBodyWhileAnotherAnswers() throws Exception { // t/131#2
        try (var served = serve(exchange -> {
            var read = new CompletableFuture<byte[]>();
            exchange.connection()
                    .loop()
                    .spawn("reader", () -> read.complete(exchange.body().receiveAll(2_000_000)));
            var answer = exchange.start(
                    io.penstock.http.ResponseHead.of(200, io.penstock.http.Headers.of("Content-Length", "2500000")));
            answer.send(bytes(1_000_000));
            answer.send(read.get());
            answer.finish();
        })) {
            byte[] sent = bytes(1_500_000);
            loops.next().spawn("sender", () -> {
                served.client().send(request("POST", "/", "Content-Length: 1500000", "Connection: close"));
                served.client().send(sent);
            });
            byte[] all = served.client().receiveAll();
            assertThat(Arrays.copyOfRange(all, all.length - 1_500_000, all.length))
                    .isEqualTo(sent);
            assertThat(Arrays.copyOfRange(all, all.length - 2_500_000, all.length - 1_500_000))
                    .isEqualTo(bytes(1_000_000));
        }
    }

    // ---- what is left of it is never a request

    @Test
    void whatIsLeftOfABodyAndComesLaterIsNeverARequest() throws Exception {
        String evil = get("/evil");
        List<Handler> leaving = List.of(
                exchange -> exchange.body().receive(5),
                exchange -> exchange.body(),
                _ -> {},
                exchange -> exchange.body().peek(5));
        for (Handler handler : leaving) {
            for (int cut = 0; cut <= evil.length(); cut += 4) {
                try (var served = serve(exchange -> {
                    if (exchange.request().method().equals("POST")) handler.handle(exchange);
                    hello(exchange);
                })) {
                    served.send(request("POST", "/1", "Content-Length: " + (5 + evil.length())) + "hello"
                            + evil.substring(0, cut));
                    assertThat(served.receiveAnswer()).endsWith("hello /1\n");
                    assertThat(Await.stays(Duration.ofMillis(5), () -> seen.size() == 1))
                            .isTrue();
                    served.send(evil.substring(cut)).send(request("GET", "/2", "Connection: close"));
                    assertThat(served.receiveAll()).endsWith("hello /2\n");
                    assertThat(seen).containsExactly("POST /1 HTTP/1.1", "GET /2 HTTP/1.1");
                    seen.clear();
                }
            }
        }
    }

    @Test
    void whatIsLeftOfAChunkedBodyIsNeverARequestEither() throws Exception {
        String sent = post("/1", "hello" + get("/evil") + "and more", 7) + request("GET", "/2", "Connection: close");
        for (int cut = sent.indexOf("\r\n\r\n") + 16; cut < sent.length(); cut++) {
            try (var served = serve(exchange -> {
                if (exchange.request().method().equals("POST")) exchange.body().receive(5);
                hello(exchange);
            })) {
                served.send(sent.substring(0, cut)).send(sent.substring(cut));
                assertThat(served.receiveAll()).endsWith("hello /2\n");
                assertThat(seen).containsExactly("POST /1 HTTP/1.1", "GET /2 HTTP/1.1");
                seen.clear();
            }
        }
    }

    @Test
    void moreThanIsDroppedEndsTheConnectionAndIsNoRequest() throws Exception {
        var options = HttpServerOptions.DEFAULT.withBody(Long.MAX_VALUE, 8);
        for (int chunk : new int[] {0, 3}) {
            try (var served = serve(options, exchange -> {
                exchange.body().receive(5);
                hello(exchange);
            })) {
                served.send(post("/1", "hello" + get("/evil"), chunk));
                assertThat(served.receiveAll()).endsWith("hello /1\n");
                assertThat(seen).containsExactly("POST /1 HTTP/1.1");
                seen.clear();
            }
        }
    }
}
