package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakeOverEnd;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Another protocol behind a head: who may ask for it, what the head is, and what becomes of whoever is turned down. */
class UpgradeTest extends GroundTest {
    private static final String SWITCHED =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";

    private static String upgrade(String... fields) {
        return request("GET", "/", fields).replace("Host: x\r\n", "Host: x\r\nConnection: Upgrade\r\n");
    }

    private static void lines(Exchange exchange) throws Exception {
        Connection raw = exchange.upgrade("lines", Headers.of());
        while (raw.peek(1).hasRemaining()) raw.send("<" + raw.receiveLine() + ">");
    }

    // ---- the head, and what is behind it

    @Test
    void whatFollowsTheHeadIsInTheOtherProtocolWhereverItIsCut() throws Exception {
        String sent = upgrade("Upgrade: lines") + "early\n";
        for (int cut = 1; cut < sent.length(); cut++) {
            try (var served = serve(UpgradeTest::lines)) {
                served.send(sent.substring(0, cut)).send(sent.substring(cut));
                served.send("late\n").client().shutdownOutput();
                assertThat(served.receiveAll()).isEqualTo(SWITCHED + "<early><late>");
            }
        }
    }

    @Test
    void anyProtocolOfTheListMayBeTakenHoweverItIsSpelled() throws Exception {
        for (String fields : List.of(
                "Connection: upgrade\r\nUpgrade: lines",
                "Connection: keep-alive, UPGRADE\r\nUpgrade: LINES",
                "Connection: close\r\nConnection: a, upgrade\r\nUpgrade: h2c, websocket\r\nUpgrade: a/1 ,\tLines",
                "Connection: Upgrade, close\r\nUpgrade: lines,")) {
            try (var served = serve(UpgradeTest::lines)) {
                served.send(request("GET", "/", fields)).client().shutdownOutput();
                assertThat(served.receiveAll()).isEqualTo(SWITCHED);
            }
        }
        try (var served = serve(exchange -> {
            assertThatIllegalStateException().isThrownBy(() -> exchange.upgrade("lines", Headers.of()));
            exchange.upgrade("lines/2", Headers.of());
        })) {
            assertThat(served.send(upgrade("Upgrade: Lines/2")).receiveAll()).contains("\r\nUpgrade: lines/2\r\n");
        }
    }

    @Test
    void theHeadHasWhatItIsGivenAndNothingAboutABody() throws Exception {
        try (var served = serve(exchange -> exchange.upgrade(
                "tcp",
                Headers.of(
                        "X-A", "1",
                        "Content-Length", "0",
                        "Transfer-Encoding", "chunked",
                        "Keep-Alive", "timeout=5",
                        "Upgrade", "other",
                        "Connection", "close")))) {
            assertThat(served.send(upgrade("Upgrade: tcp")).receiveAll())
                    .isEqualTo("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                            + "X-A: 1\r\nUpgrade: tcp\r\n\r\n");
        }
        try (var served = serve(exchange -> exchange.takeOver(
                ResponseHead.of(101, "UPGRADED", Headers.of("Upgrade", "a, b/2", "Content-Type", "x/y")),
                UnreadBody.FAIL))) {
            assertThat(served.send(upgrade("Upgrade: b/2, A")).receiveAll())
                    .isEqualTo("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
                            + "Upgrade: a, b/2\r\nContent-Type: x/y\r\n\r\n");
        }
    }

    @Test
    void aServerThatKeepsNoConnectionSwitchesAllTheSame() throws Exception {
        try (var served = serve(HttpServerOptions.DEFAULT.withRequestsPerConnection(1), UpgradeTest::lines)) {
            served.send(upgrade("Upgrade: lines") + "x\n").client().shutdownOutput();
            assertThat(served.receiveAll()).isEqualTo(SWITCHED + "<x>");
        }
    }

    @Test
    void theHeadIsNoPartOfWhatIsCounted() throws Exception {
        var end = new CompletableFuture<TakeOverEnd>();
        Handler handler = new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                lines(exchange);
                assertThat(exchange.takenOver()).isTrue();
                assertThat(exchange.status()).isEqualTo(101);
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd told) {
                assertThat(exchange.takenOver()).isTrue();
                end.complete(told);
            }
        };
        try (var served = ground.serve(loops, new HttpService(HttpServerOptions.DEFAULT, handler))) {
            served.send(upgrade("Upgrade: lines") + "abc\n").client().shutdownOutput();
            served.receiveAll();
            TakeOverEnd told = end.get(10, TimeUnit.SECONDS);
            assertThat(told.received()).isEqualTo(4);
            assertThat(told.sent()).isEqualTo(5);
        }
    }

    // ---- the body of the request

    @Test
    void aBodyIsReadFirstOrToldAbout() throws Exception {
        String sent = upgrade("Upgrade: lines", "Content-Length: 2") + "{}x\n";
        try (var served = serve(exchange -> {
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.upgrade("lines", Headers.of()))
                    .withMessageContaining("UnreadBody.RAW");
            assertThat(exchange.committed()).isFalse();
            assertThat(exchange.takenOver()).isFalse();
            seen.add(text(exchange.body().receiveAll()));
            lines(exchange);
        })) {
            served.sendInPieces(sent, 1).client().shutdownOutput();
            assertThat(served.receiveAll()).isEqualTo(SWITCHED + "<x>");
            assertThat(seen).contains("{}");
        }
        for (var mode : List.of(UnreadBody.RAW, UnreadBody.drain(2))) {
            try (var served = serve(exchange -> {
                Connection raw = exchange.upgrade("lines", Headers.of(), mode);
                raw.send(raw.receiveLine());
            })) {
                assertThat(served.send(sent).receiveAll()).isEqualTo(SWITCHED + (mode == UnreadBody.RAW ? "{}x" : "x"));
            }
        }
    }

    @Test
    void aClientThatWaitsIsAskedToContinueBeforeTheSwitch() throws Exception { // HS-16, R-6
        String head = upgrade("Upgrade: lines", "Content-Length: 2", "Expect: 100-continue");
        for (var mode : List.of(UnreadBody.RAW, UnreadBody.drain(2), UnreadBody.FAIL)) {
            try (var served = serve(exchange -> {
                if (mode == UnreadBody.FAIL) exchange.body().receiveAll();
                Connection raw = exchange.upgrade("lines", Headers.of(), mode);
                raw.send(raw.receiveLine());
            })) {
                String asked = "HTTP/1.1 100 Continue\r\n\r\n";
                assertThat(served.send(head).receive(asked.length())).isEqualTo(asked);
                assertThat(served.send("{}x\n").receiveAll())
                        .isEqualTo(SWITCHED + (mode == UnreadBody.RAW ? "{}x" : "x"));
            }
        }
    }

    // ---- what is refused

    @Test
    void whatNobodyOffersIsRefusedAndNothingChanges() throws Exception {
        for (String head : List.of(
                get("/"),
                request("GET", "/", "Upgrade: lines"),
                request("GET", "/", "Connection: keep-alive", "Upgrade: lines"),
                upgrade("Upgrade: line, liness, lines/2"),
                "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n")) {
            try (var served = serve(exchange -> {
                assertThat(exchange.request().offers("lines")).isFalse();
                assertThatIllegalStateException()
                        .isThrownBy(() -> exchange.upgrade("lines", Headers.of()))
                        .withMessageContaining("cannot go on with lines");
                assertThat(exchange.committed()).isFalse();
                exchange.respond(ResponseHead.of(426, Headers.of("Upgrade", "lines")), new byte[0]);
            })) {
                assertThat(served.send(head).receiveAnswer())
                        .startsWith("HTTP/1.1 426 Upgrade Required\n")
                        .contains("Upgrade: lines\n", "Connection: Upgrade\n");
            }
        }
    }

    @Test
    void whatNobodyAsksForIsTheClientsMistake() throws Exception {
        try (var served =
                ground.serve(loops, HttpServerOptions.DEFAULT, exchange -> exchange.upgrade("lines/2", Headers.of()))) {
            assertThat(served.send(get("/")).receiveAnswer())
                    .startsWith("HTTP/1.1 426 Upgrade Required\n")
                    .contains("Upgrade: lines/2\n", "Connection: Upgrade\n", "Connection: close\n")
                    .contains("this is to be asked with Connection: Upgrade and Upgrade: lines/2\n");
        }
        try (var served =
                ground.serve(loops, HttpServerOptions.DEFAULT, exchange -> exchange.acceptConnect(Headers.of()))) {
            assertThat(served.send(get("/")).receiveAnswer())
                    .startsWith("HTTP/1.1 405 Method Not Allowed\n")
                    .contains("Allow: CONNECT\n");
        }
    }

    @Test
    void whatIsNoSwitchIsRefusedAtOnce() throws Exception {
        try (var served = serve(exchange -> {
            assertThatIllegalArgumentException().isThrownBy(() -> exchange.upgrade("a b", Headers.of()));
            assertThatIllegalArgumentException().isThrownBy(() -> exchange.upgrade("", Headers.of()));
            assertThatIllegalArgumentException().isThrownBy(() -> exchange.upgrade("lines,", Headers.of()));
            assertThatIllegalArgumentException().isThrownBy(() -> exchange.upgrade("lines/", Headers.of()));
            for (int status : new int[] {100, 103, 300, 404}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> exchange.takeOver(ResponseHead.of(status), UnreadBody.RAW));
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> exchange.takeOver(ResponseHead.of(101), UnreadBody.RAW))
                    .withMessageContaining("must name");
            assertThatIllegalStateException().isThrownBy(() -> exchange.acceptConnect(Headers.of()));
            // a 101 is no answer and no announcement: there is one way to it (HS-8)
            for (var each : List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                    () -> exchange.start(ResponseHead.of(101)),
                    () -> exchange.respond(101, ""),
                    () -> exchange.inform(ResponseHead.of(101)))) {
                assertThatIllegalArgumentException().isThrownBy(each).withMessageContaining("upgrade(");
            }
            hello(exchange);
        })) {
            assertThat(served.send(upgrade("Upgrade: lines, lines/2")).receiveAnswer())
                    .endsWith("hello /\n");
        }
    }

    @Test
    void behindAnAnswerThereIsNoHeadToSwitchWith() throws Exception {
        try (var served = serve(exchange -> {
            exchange.start(ResponseHead.of(200)).send("one");
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.upgrade("lines", Headers.of()))
                    .withMessageContaining("is answered, with 200");
            assertThat(exchange.takenOver()).isFalse();
        })) {
            served.send(upgrade("Upgrade: lines") + "x").client().shutdownOutput();
            assertThat(served.receiveAll()).endsWith("3\r\none\r\n0\r\n\r\n");
        }
    }

    // ---- CONNECT

    @Test
    void aTunnelBeginsBehindTheHead() throws Exception {
        for (String fields : List.of("Host: a:443\r\n", "Host: a:443\r\nConnection: close\r\n")) {
            try (var served = serve(exchange -> {
                Connection raw = exchange.acceptConnect(
                        Headers.of("X-A", "1", "Content-Length", "3", "Transfer-Encoding", "chunked"));
                assertThat(exchange.status()).isEqualTo(200);
                raw.send(raw.receive(3));
            })) {
                served.send("CONNECT a:443 HTTP/1.1\r\n" + fields + "\r\n\26\3\1");
                assertThat(dateless(served.receiveAll()))
                        .isEqualTo("HTTP/1.1 200 Connection established\r\nX-A: 1\r\n\r\n\26\3\1");
            }
        }
    }

    @Test
    void aTunnelIsNoAnswer() throws Exception {
        try (var served = serve(exchange -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> exchange.respond(200, "x"))
                    .withMessageContaining("acceptConnect(");
            assertThatIllegalArgumentException().isThrownBy(() -> exchange.start(ResponseHead.of(204)));
            exchange.respond(403, "no\n");
        })) {
            assertThat(served.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
                            .receiveAll())
                    .startsWith("HTTP/1.1 403 Forbidden\r\n");
        }
    }

    // ---- whoever is turned down (R-9, RFC 9931)

    @Test
    void behindATunnelThatIsRefusedNothingIsParsed() throws Exception {
        String sent = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + get("/smuggled");
        for (int cut = 1; cut < sent.length(); cut += 3) {
            try (var served = serve(exchange -> exchange.respond(407, "who are you?\n"))) {
                served.send(sent.substring(0, cut)).send(sent.substring(cut));
                assertThat(served.receiveAll())
                        .startsWith("HTTP/1.1 407 ")
                        .contains("\r\nConnection: close\r\n")
                        .endsWith("\r\n\r\nwho are you?\n");
                assertThat(seen).containsExactly("CONNECT a:443 HTTP/1.1");
                seen.clear();
            }
        }
    }

    @Test
    void behindAnOfferThatIsDeclinedWhatFollowedInTheSamePieceIsNotParsed() throws Exception { // P10
        for (String body : List.of("", "Content-Length: 2\r\n\r\n{}")) {
            String head = body.isEmpty()
                    ? upgrade("Upgrade: lines")
                    : upgrade("Upgrade: lines").replace("\r\n\r\n", "\r\n" + body);
            try (var served = serve(exchange -> {
                exchange.body().receiveAll();
                exchange.respond(401, "no\n");
            })) {
                served.send(head + get("/smuggled"));
                assertThat(served.receiveAll())
                        .contains("\r\nConnection: close\r\n")
                        .endsWith("\r\n\r\nno\n");
                assertThat(seen).hasSize(1);
                seen.clear();
            }
        }
    }

    @Test
    void aClientThatWaitedForTheAnswerKeepsItsConnection() throws Exception {
        try (var served = serve(UpgradeTest::decline)) {
            for (int i = 0; i < 3; i++) {
                assertThat(served.send(upgrade("Upgrade: h2c", "Content-Length: 2") + "{}")
                                .receiveAnswer())
                        .doesNotContain("close")
                        .endsWith("hello /\n");
            }
        }
        // a body that nobody has read may hide anything
        try (var served = serve(GroundTest::hello)) {
            served.send(upgrade("Upgrade: h2c", "Content-Length: 2") + "{}");
            assertThat(served.receiveAll()).contains("\r\nConnection: close\r\n");
        }
    }

    private static void decline(Exchange exchange) throws Exception {
        exchange.body().receiveAll();
        hello(exchange);
    }
}
