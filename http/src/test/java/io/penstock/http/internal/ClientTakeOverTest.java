package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.BodyOutput;
import io.penstock.http.ClientExchange;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client's connection as a raw stream, against a server that is played by hand: when it can be had, and what becomes of the rest. */
class ClientTakeOverTest extends PlayedServerTest {

    private ResponseHead ask(RequestHead request, String answer) throws ConnectionException {
        exchange.send(request, ClientExchange.NO_BODY);
        reply(answer);
        return exchange.receiveHead();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Reads what was asked, up to the empty line. */
    private void skipRequest() throws ConnectionException {
        while (!server.receiveLine().isEmpty()) {
            // the head
        }
    }

    private void requireStream(Connection raw, String first) throws ConnectionException {
        assertThat(text(raw.receive(first.length()))).isEqualTo(first);
        skipRequest();
        raw.send("ping\n");
        assertThat(server.receiveLine()).isEqualTo("ping");
        server.send("pong\n");
        assertThat(raw.receiveLine()).isEqualTo("pong");
        server.shutdownOutput();
        assertThat(raw.receiveAll()).isEmpty();
        raw.send("last\n");
        assertThat(server.receiveLine()).isEqualTo("last");
    }

    // ---- when it can be had

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET     | / | 101 Switching Protocols | Connection: Upgrade; Upgrade: x",
                "GET     | / | 101 X | X: bare",
                "GET     | / | 101 Both | Content-Length: 3; Transfer-Encoding: chunked",
                "GET     | / | 101 Junk | Content-Length: many",
                "GET     | / | 101 Closing | Connection: close",
                "CONNECT | h:1 | 200 OK | X: tunnel",
                "CONNECT | h:1 | 299 Odd | Content-Length: 3; Transfer-Encoding: chunked",
                "CONNECT | h:1 | 200 OK | Connection: close",
                "GET     | / | 200 OK | Content-Type: application/vnd.docker.raw-stream",
                "POST    | / | 200 OK | Connection: close",
                "GET     | / | 404 Not Found | Content-Length: 0",
                "HEAD    | / | 200 OK | Content-Length: 100",
                "GET     | / | 204 No Content | X: y",
                "GET     | / | 500 Broken | X: until close"
            })
    void behindTheHeadOfAnyStatusWhateverItSaysOfABodyThatIsNone(
            String method, String target, String status, String fields) throws Exception {
        ask(
                RequestHead.of(method, target, Headers.of("Host", "x")),
                "HTTP/1.1 " + status + "\r\n" + fields.replace("; ", "\r\n") + "\r\n\r\nbehind");
        Connection raw = exchange.takeOver();
        assertThat(raw.origin()).isEqualTo(Origin.TAKEN_OVER);
        assertThat(raw.buffered()).isEqualTo(6);
        requireStream(raw, "behind");
    }

    @Test
    void aHeadCutAnywhereLosesNothingOfWhatIsBehindIt() throws Exception {
        String answer = "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\nbehind";
        for (int cut = 1; cut < answer.length(); cut++) {
            Connection.Pair pair = Connection.pair(loops.next(), loops.next());
            try (var each = ClientExchange.on(pair.first())) {
                each.send(GET, ClientExchange.NO_BODY);
                pair.second().send(answer.substring(0, cut));
                pair.second().flush();
                pair.second().send(answer.substring(cut));
                pair.second().shutdownOutput();
                assertThat(each.receiveHead().status()).isEqualTo(101);
                Connection raw = each.takeOver();
                assertThat(text(raw.receiveAll())).isEqualTo("behind");
                raw.close();
            } finally {
                pair.second().abort();
            }
        }
    }

    @Test
    void behindABodyThatWasReadToItsEnd() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nbehind");
        assertThat(text(exchange.body().receiveAll())).isEqualTo("abc");
        requireStream(exchange.takeOver(), "behind");
    }

    @Test
    void inTheMiddleOfABodyThatEndsWithTheConnection() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\n\r\nreadpeekedbehind");
        assertThat(text(exchange.body().receive(4))).isEqualTo("read");
        assertThat(exchange.body().peek(6).remaining()).isEqualTo(6);
        requireStream(exchange.takeOver(), "peekedbehind");
    }

    @Test
    void theBodyOfTheRequestLeavesBeforeTheFirstRawByte() throws Exception {
        BodyOutput body =
                exchange.send(RequestHead.of("POST", "/", Headers.of("Upgrade", "tcp")), ClientExchange.CHUNKED);
        body.send("{}");
        body.finish();
        reply("HTTP/1.1 101 X\r\n\r\n");
        exchange.receiveHead();
        exchange.takeOver().send("raw");
        skipRequest();
        assertThat(text(server.receive(15))).isEqualTo("2\r\n{}\r\n0\r\n\r\nraw");
    }

    @Test
    void anUnreadBodyIsDrainedOrRawWhereThatIsSaid() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhellobehind");
        assertThatExceptionOfType(ConnectionException.class)
                .isThrownBy(() -> exchange.takeOver(UnreadBody.drain(4)))
                .matches(e -> e.reason() == Reason.TOO_LONG);
        requireStream(exchange.takeOver(UnreadBody.drain(5)), "behind");
    }

    @Test
    void aRawBodyIsAsItCame() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nbehind");
        requireStream(exchange.takeOver(UnreadBody.RAW), "5\r\nhello\r\n0\r\n\r\nbehind");
    }

    // ---- when it cannot

    @Test
    void beforeTheHeadItIsRefusedAndNothingHasChanged() throws Exception {
        assertThatIllegalStateException().isThrownBy(exchange::takeOver);
        exchange.send(GET, ClientExchange.NO_BODY);
        assertThatIllegalStateException()
                .isThrownBy(exchange::takeOver)
                .withMessageContaining("head of the answer has not been received");
        reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
        exchange.receiveHead();
        assertThat(text(exchange.body().receiveAll())).isEqualTo("abc");
        assertThat(exchange.reusable()).isTrue();
    }

    @Test
    void withABodyThatWasNotReadItIsRefusedAndNothingHasChanged() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assertThatIllegalStateException().isThrownBy(exchange::takeOver).withMessageContaining("read it");
        assertThat(text(exchange.body().receive(1))).isEqualTo("a");
        assertThatIllegalStateException().isThrownBy(exchange::takeOver);
        assertThatIllegalStateException()
                .isThrownBy(() -> exchange.takeOver(UnreadBody.RAW))
                .withMessageContaining("its framing is gone");
        assertThat(text(exchange.body().receiveAll())).isEqualTo("bc");
        assertThat(exchange.reusable()).isTrue();
    }

    @Test
    void withARequestThatWasNotSentItIsRefusedAndNothingHasChanged() throws Exception {
        BodyOutput body = exchange.send(RequestHead.of("POST", "/"), 5);
        reply("HTTP/1.1 101 Too Early\r\n\r\n");
        exchange.receiveHead();
        assertThatIllegalStateException().isThrownBy(exchange::takeOver).withMessageContaining("finish it first");
        body.send("hello");
        body.finish();
        exchange.takeOver().send("raw");
        skipRequest();
        assertThat(text(server.receive(8))).isEqualTo("helloraw");
    }

    @Test
    void whileAnotherThreadReadsItIsRefusedAndNothingHasChanged() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\n\r\n");
        var reading = new CompletableFuture<String>();
        // not asked by reading as well, which would turn the reader away
        Thread reader = loops.next()
                .spawn("reading", () -> reading.complete(text(exchange.body().receive(3))));
        Await.until("it waits", () -> reader.getState() == Thread.State.WAITING);
        assertThatExceptionOfType(ConnectionException.class)
                .isThrownBy(exchange::takeOver)
                .matches(e -> e.reason() == Reason.BUSY_READING);
        reply("abcbehind");
        assertThat(reading.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("abc");
        requireStream(exchange.takeOver(), "behind");
    }

    @Test
    void aSecondTimeItIsRefusedWithTheLineOfTheFirst() throws Exception {
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        Connection raw = exchange.takeOver();
        assertThatIllegalStateException()
                .isThrownBy(exchange::takeOver)
                .withMessageContaining("taken over already, at ")
                .withMessageContaining("ClientTakeOverTest.java:");
        requireStream(raw, "");
    }

    @Test
    void behindTheEndOfTheExchangeItIsRefused() throws Exception {
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        exchange.close();
        assertThatIllegalStateException().isThrownBy(exchange::takeOver).withMessageContaining("was closed");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void ofManyThreadsOneHasIt() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\n\r\n");
        var taken = new AtomicInteger();
        var refused = new AtomicInteger();
        List<Thread> threads = IntStream.range(0, 8)
                .mapToObj(_ -> Thread.startVirtualThread(() -> {
                    try {
                        exchange.takeOver();
                        taken.incrementAndGet();
                    } catch (IllegalStateException | ConnectionException e) {
                        refused.incrementAndGet();
                    }
                }))
                .toList();
        for (Thread each : threads) each.join();
        assertThat(taken).hasValue(1);
        assertThat(refused).hasValue(7);
    }

    // ---- what becomes of the rest

    @Test
    void theExchangeAndItsBodiesAreInertAndTouchNothing() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\n\r\n");
        Connection raw = exchange.takeOver();
        assertThat(exchange.reusable()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> exchange.send(GET, ClientExchange.NO_BODY));
        assertThatIllegalStateException().isThrownBy(() -> exchange.receiveHead());
        List<Callable<?>> dead = List.of(
                () -> exchange.body().receiveAll(),
                () -> exchange.body().peek(1),
                () -> client.receiveAny(1),
                () -> client.send("evil"));
        for (Callable<?> each : dead) {
            assertThatExceptionOfType(ConnectionException.class)
                    .isThrownBy(each::call)
                    .matches(e -> e.reason() == Reason.CLOSED)
                    .withMessageContaining("taken over");
        }
        exchange.close();
        client.shutdownOutput();
        client.shutdownInput();
        client.close();
        client.abort();
        requireStream(raw, "");
    }

    @Test
    void theOldBodyOfTheRequestSaysWhyItSendsNothing() throws Exception {
        BodyOutput body = exchange.send(RequestHead.of("POST", "/"), 2);
        body.send("{}");
        body.finish();
        reply("HTTP/1.1 101 X\r\n\r\n");
        exchange.receiveHead();
        Connection raw = exchange.takeOver();
        assertThatIllegalStateException().isThrownBy(() -> body.send("x")).withMessageContaining("taken over");
        assertThatIllegalStateException().isThrownBy(body::flush).withMessageContaining("taken over");
        raw.send("raw");
        skipRequest();
        assertThat(text(server.receive(5))).isEqualTo("{}raw");
    }

    @Test
    void itKeepsWhatItsOwnerHasSet() throws Exception {
        var timeouts = Timeouts.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3));
        client.timeouts(timeouts);
        var deadline = client.deadline(Duration.ofMinutes(1));
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        Connection raw = exchange.takeOver();
        assertThat(raw.timeouts()).isEqualTo(timeouts);
        deadline.close();
        requireStream(raw, "");
    }

    @Test
    void aDeadlineThatItsOwnerHasSetHoldsOn() throws Exception {
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        client.deadline(Duration.ZERO);
        Connection raw = exchange.takeOver();
        assertThatExceptionOfType(ConnectionException.class)
                .isThrownBy(() -> raw.receive(1))
                .matches(e -> e.reason() == Reason.TIMEOUT)
                .withMessageContaining("the deadline has passed");
    }

    @Test
    void itStaysInTheScopeItWasIn() throws Exception {
        var taken = new CompletableFuture<Connection>();
        loops.next().spawn("scoped", () -> {
            try (var job = Scope.open("job")) {
                Connection.Pair pair = Connection.pair(loops.next(), loops.next());
                var each = ClientExchange.on(pair.first());
                each.send(GET, ClientExchange.NO_BODY);
                pair.second().send("HTTP/1.1 101 X\r\n\r\n");
                each.receiveHead();
                Connection raw = each.takeOver();
                assertThat(raw.scope()).isSameAs(job);
                taken.complete(raw);
            } catch (Throwable e) {
                taken.completeExceptionally(e);
            }
        });
        Connection raw = taken.get(10, java.util.concurrent.TimeUnit.SECONDS);
        assertThat(Await.within(Await.LIMIT, () -> !raw.isOpen())).isTrue();
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        assertThat(exchange.takeOver().scope()).isSameAs(Scope.PROCESS);
    }

    @Test
    void thereIsNoWayBackToHttp() throws Exception {
        ask(GET, "HTTP/1.1 101 X\r\n\r\n");
        Connection raw = exchange.takeOver();
        assertThatIllegalStateException().isThrownBy(raw::resumeHttp).withMessageContaining("as a client");
        requireStream(raw, "");
    }

    @Test
    void anotherExchangeOnItIsAsGoodAsTheFirst() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Connection raw = exchange.takeOver();
        skipRequest();
        try (var next = ClientExchange.on(raw)) {
            next.send(GET, ClientExchange.NO_BODY);
            reply("HTTP/1.1 101 X\r\n\r\n");
            next.receiveHead();
            requireStream(next.takeOver(), "");
        }
    }
}
