package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.BodyOutput;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Await;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** The way back from a raw stream to HTTP. */
class ResumeHttpTest extends GroundTest {
    /** Speaks lines until an empty one, then HTTP again. */
    private void lines(io.penstock.http.Exchange exchange) throws ConnectionException {
        if (!exchange.request().path().equals("/lines")) {
            hello(exchange);
            return;
        }
        Connection raw = exchange.takeOver();
        for (String line = raw.receiveLine(); !line.isEmpty(); line = raw.receiveLine()) raw.send("<" + line + ">\n");
        raw.resumeHttp();
    }

    @Test
    void requestsGoOnBehindTheRawBytesWhereverTheyAreCut() throws Exception {
        String sent = get("/1") + get("/lines") + "a\nb\n\n" + get("/2") + get("/lines") + "c\n\n"
                + request("GET", "/3", "Connection: close");
        for (int size : new int[] {1, 2, 3, 7, 50, 1000}) {
            try (var served = serve(this::lines)) {
                String answer = served.sendInPieces(sent, size)
                        .receiveAll()
                        .replaceAll("HTTP/1.1 200 OK\r\n([^\r]+\r\n)*\r\n", "|");
                assertThat(answer).isEqualTo("|hello /1\n<a>\n<b>\n|hello /2\n<c>\n|hello /3\n");
                assertThat(seen).hasSize(5);
                seen.clear();
            }
        }
    }

    @Test
    void behindACompleteAnswerItIsAnOrdinaryConnectionAgain() throws Exception {
        List<Handler> complete = List.of(exchange -> exchange.respond(200, "whole"), exchange -> {
            BodyOutput body = exchange.start(ResponseHead.of(200, io.penstock.http.Headers.of("Content-Length", "5")));
            body.send("whole");
            body.finish();
        });
        for (Handler handler : complete) {
            var handled = new AtomicInteger(); // for the client has its answer before
            try (var served = serve(HttpServerOptions.DEFAULT, exchange -> {
                assertThat(exchange.connection().timeouts().read()).isEqualTo(HttpServerOptions.DEFAULT.bodyTimeout());
                handler.handle(exchange);
                Connection.Origin before = exchange.connection().origin();
                Connection raw = exchange.takeOver(UnreadBody.drain(100));
                raw.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(1)));
                raw.deadline(Duration.ofMillis(1));
                raw.resumeHttp();
                assertThat(raw.origin()).isEqualTo(before);
                assertThatIllegalStateException().isThrownBy(raw::resumeHttp);
                assertThatIllegalStateException().isThrownBy(exchange::takeOver);
                handled.incrementAndGet();
            })) {
                for (int i = 0; i < 3; i++) {
                    served.send(request("POST", "/", "Content-Length: 5") + "hello");
                    assertThat(served.receiveAnswer())
                            .startsWith("HTTP/1.1 200 OK")
                            .endsWith("whole");
                    int count = i + 1;
                    Await.until("the handler is done", () -> handled.get() == count);
                    assertThat(Await.stays(
                                    Duration.ofMillis(20), () -> served.client().isOpen()))
                            .isTrue();
                }
            }
        }
    }

    @Test
    void noThreadIsTakenByAConnectionThatWasLeftToSomebodyAndAnotherGoesOnBehindThem() throws Exception {
        var threads = new ConcurrentLinkedQueue<Thread>();
        var kept = new ArrayBlockingQueue<Connection>(1);
        try (var served = serve(exchange -> {
            threads.add(Thread.currentThread());
            if (exchange.request().path().equals("/left")) {
                kept.add(exchange.takeOver().transfer(Scope.PROCESS));
            } else {
                hello(exchange);
            }
        })) {
            for (int i = 0; i < 3; i++) {
                served.send(get("/left"));
                Connection raw = Objects.requireNonNull(kept.poll(10, TimeUnit.SECONDS));
                Thread first = threads.remove();
                Await.until("the thread has ended", () -> !first.isAlive());
                raw.send("raw");
                assertThat(served.receive(3)).isEqualTo("raw");
                raw.resumeHttp();
                served.send(get("/next"));
                assertThat(served.receiveAnswer()).endsWith("hello /next\n");
                assertThat(threads.remove()).isNotSameAs(first);
            }
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void itIsRefusedWhereNoRequestCouldFollowAndTheStreamGoesOn() throws Exception {
        refused(get("/"), exchange -> exchange.start(ResponseHead.of(200)).send("x"), "not finished");
        refused(request("POST", "/", "Content-Length: 5") + "hello", _ -> {}, "not read");
        refused(request("POST", "/", "Transfer-Encoding: chunked"), _ -> {}, "not read");
        refused(request("GET", "/", "Connection: close"), _ -> {}, "the last one");
        refused("GET / HTTP/1.0\r\n\r\n", _ -> {}, "the last one");
        refused(
                get("/"),
                exchange -> exchange.respond(200, io.penstock.http.Headers.of("Connection", "close"), new byte[0]),
                "the last one");
    }

    private void refused(String request, Handler before, String why) throws Exception {
        try (var served = serve(exchange -> {
            before.handle(exchange);
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            assertThatIllegalStateException().isThrownBy(raw::resumeHttp).withMessageContaining(why);
            assertThat(raw.origin()).isEqualTo(Origin.TAKEN_OVER);
            raw.send("still raw");
        })) {
            assertThat(served.send(request).receiveAll()).endsWith("still raw");
        }
    }

    @Test
    void itIsRefusedWhereNothingCanBeSentAnyMore() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.send("raw");
            raw.shutdownOutput();
            assertThatIllegalStateException().isThrownBy(raw::resumeHttp).withMessageContaining("has ended");
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("raw");
        }
    }

    @Test
    void aConnectionOfAnotherKindHasNoWayBack() throws Exception {
        try (var served = serve(exchange -> {
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.connection().resumeHttp());
            hello(exchange);
        })) {
            assertThatIllegalStateException().isThrownBy(() -> served.client().resumeHttp());
            assertThat(served.send(get("/")).receiveAnswer()).endsWith("hello /\n");
        }
    }

    @Test
    void itIsRefusedWhileAnotherThreadReads() throws Exception {
        var resumed = new Semaphore(0); // the client has its answer before
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            var read = new CompletableFuture<String>();
            Thread reader = raw.loop().spawn("reader", () -> read.complete(textOf(raw, 3)));
            Await.until("the reader waits", () -> reader.getState() == Thread.State.WAITING);
            Assertions.assertThatExceptionOfType(ConnectionException.class)
                    .isThrownBy(raw::resumeHttp)
                    .matches(e -> e.reason() == Reason.BUSY_READING);
            raw.send("now");
            raw.send(read.get());
            raw.resumeHttp();
            resumed.release();
        })) {
            assertThat(served.send(get("/")).receive(3)).isEqualTo("now");
            assertThat(served.send("abc").receive(3)).isEqualTo("abc");
            assertThat(served.send(get("/")).receive(3)).isEqualTo("now");
            assertThat(served.send("abc").receive(3)).isEqualTo("abc");
            assertThat(resumed.tryAcquire(2, 10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void whatTheClientSendsNextHasTheServersTimersAgain() throws Exception {
        var options = HttpServerOptions.DEFAULT.withTimeouts(
                Duration.ofMillis(100), Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofSeconds(5));
        try (var served = serve(options, exchange -> exchange.takeOver().resumeHttp())) {
            served.send(get("/"));
            assertThat(served.receiveAll()).isEmpty();
            assertThat(served.awaitEnd()).isTrue();
        }
        try (var served = serve(options, exchange -> exchange.takeOver().resumeHttp())) {
            served.send(get("/") + "GET / HT");
            assertThat(served.receiveAll()).startsWith("HTTP/1.1 408");
        }
    }

    @Test
    void itMayBeResumedBeforeTheHandlerReturnsByAnotherThread() throws Exception {
        var resumed = new Semaphore(0); // by a thread that is not faster than its client's end
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            var done = new CompletableFuture<Boolean>();
            raw.loop().spawn("other", () -> {
                raw.send(textOf(raw, 2));
                raw.resumeHttp();
                resumed.release();
                done.complete(true);
            });
            done.get();
        })) {
            for (int i = 0; i < 3; i++) {
                assertThat(served.send(get("/") + "ab").receive(2)).isEqualTo("ab");
                assertThat(resumed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    @Test
    void whoeverHasItBehindTheHandlerMayResumeIt() throws Exception {
        try (var served = serve(exchange -> {
            if (!exchange.request().path().equals("/raw")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
            raw.loop().spawn("other", () -> {
                raw.send(textOf(raw, 2));
                raw.resumeHttp();
            });
        })) {
            for (int i = 0; i < 3; i++) {
                assertThat(served.send(get("/raw") + "ab").receive(2)).isEqualTo("ab");
                assertThat(served.send(get("/")).receiveAnswer()).endsWith("hello /\n");
            }
        }
    }
}
