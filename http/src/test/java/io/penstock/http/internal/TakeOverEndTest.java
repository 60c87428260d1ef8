package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakeOverEnd;
import io.penstock.http.TakeOverEnd.Cause;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.net.internal.StreamConnection;
import io.penstock.testkit.Await;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a server is told of a connection that was taken over, once that is at its end. */
class TakeOverEndTest extends GroundTest {
    private final LinkedBlockingQueue<TakeOverEnd> ends = new LinkedBlockingQueue<>();

    private HttpService service(Handler handler) {
        Handler recorded = recorded(handler);
        return new HttpService(HttpServerOptions.DEFAULT, new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                recorded.handle(exchange);
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
                ends.add(end);
            }
        });
    }

    private TakeOverEnd end() throws InterruptedException {
        TakeOverEnd end = ends.poll(10, TimeUnit.SECONDS);
        assertThat(end).as("the end of a take-over").isNotNull();
        return end;
    }

    private static void requireEnd(TakeOverEnd end, Cause cause, long received, long sent) {
        assertThat(end.cause()).isEqualTo(cause);
        assertThat(end.received()).isEqualTo(received);
        assertThat(end.sent()).isEqualTo(sent);
        assertThat(end.lasted().isNegative()).isFalse();
    }

    @Test
    void itCountsWhatCameAndWhatWentFromTheTakeOverOn() throws Exception {
        try (var served = ground.serve(loops, service(exchange -> {
            exchange.respond(200, "an answer is not raw");
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            raw.send(textOf(raw, 7) + "!");
        }))) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello, but not read");
            assertThat(served.receiveAll()).endsWith("raw" + "hello, !");
            assertThat(served.awaitEnd()).isTrue();
            requireEnd(end(), Cause.CLOSED, 19, 8);
            assertThat(ends).isEmpty();
        }
    }

    @Test
    void whatHttpGetsBackIsNotCounted() throws Exception {
        try (var served = ground.serve(loops, service(exchange -> {
            if (exchange.request().path().equals("/2")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver();
            raw.send(textOf(raw, 2) + "!");
            raw.resumeHttp();
        }))) {
            served.send(get("/1") + "ab" + get("/2"));
            assertThat(served.receive(3)).isEqualTo("ab!");
            served.receiveAnswer();
            requireEnd(end(), Cause.RESUMED, 2, 3);
            assertThat(served.awaitEnd()).isTrue();
            assertThat(ends).isEmpty();
        }
    }

    /** Nobody has lost anything: the program is at one connection with two threads, and it is to be told where. */
    @Test
    void aHandlerThatMeetsAThreadOfItsOwnHasFailedAndIsInTheLog() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(ServerExchange.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.setLevel(Level.ERROR);
        log.addAppender(lines);
        try (var served = ground.serve(loops, service(exchange -> {
            Connection raw = exchange.takeOver();
            Thread reader = raw.loop().spawn("reader", () -> raw.receive(1));
            Await.until("it waits", () -> reader.getState() == Thread.State.WAITING);
            raw.receive(1);
        }))) {
            served.send(get("/twice"));
            assertThat(end().cause()).isEqualTo(Cause.FAILED);
            assertThat(lines.list).singleElement().satisfies(line -> {
                assertThat(line.getFormattedMessage()).contains("GET /twice");
                assertThat(line.getThrowableProxy().getMessage()).contains("another thread is receiving");
            });
        } finally {
            log.detachAppender(lines);
            log.setLevel(Level.OFF);
        }
    }

    @Test
    void itIsToldOnlyAtTheEndOfOneThatOutlivesItsHandler() throws Exception {
        var kept = new CompletableFuture<Connection>();
        HttpService service =
                service(exchange -> kept.complete(exchange.takeOver().transfer(Scope.PROCESS)));
        try (var served = ground.serve(loops, service)) {
            assertThat(service.takenOver()).isZero();
            served.send(get("/"));
            Connection raw = kept.get(10, TimeUnit.SECONDS);
            assertThat(Await.stays(Duration.ofMillis(50), ends::isEmpty)).isTrue();
            assertThat(service.takenOver()).isEqualTo(1);
            raw.send("later");
            raw.close();
            requireEnd(end(), Cause.CLOSED, 0, 5);
            assertThat(service.takenOver()).isZero();
        }
    }

    @Test
    void aClientThatIsLostIsToldFromOneThatEndsInOrder() throws Exception {
        Handler reading = exchange -> exchange.takeOver().receiveAll();
        try (var served = ground.serve(loops, service(reading))) {
            served.send(get("/") + "abc").client().shutdownOutput();
            requireEnd(end(), Cause.CLOSED, 3, 0);
        }
        HttpService service = service(reading);
        try (var served = ground.serve(loops, service)) {
            served.send(get("/") + "abc");
            Await.until("it is taken over", () -> service.takenOver() == 1);
            served.client().abort();
            assertThat(end().cause()).isEqualTo(Cause.LOST);
        }
    }

    @Test
    void aHandlerThatFailsIsToldFromAServerThatIsStopped() throws Exception {
        try (var served = ground.serve(loops, service(exchange -> {
            exchange.takeOver();
            throw new IllegalArgumentException("on purpose");
        }))) {
            served.send(get("/"));
            assertThat(end().cause()).isEqualTo(Cause.FAILED);
        }
        HttpService service = service(exchange -> exchange.takeOver().receiveAll());
        try (var served = ground.serve(loops, service)) {
            served.send(get("/"));
            Await.until("it is taken over", () -> service.takenOver() == 1);
            service.abort();
            assertThat(end().cause()).isEqualTo(Cause.ABORTED);
        }
    }

    @Test
    void aHandlerWhoseOwnConnectionFailsIsToldAndOneWhoseClientLeavesIsNot() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(TakeOver.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.setLevel(Level.INFO);
        log.addAppender(lines);
        var taken = new CompletableFuture<Boolean>();
        HttpService service = service(exchange -> {
            Connection raw = exchange.takeOver();
            taken.complete(true);
            if (exchange.request().path().equals("/left")) raw.receiveLine();
            throw ConnectionException.of(Reason.REFUSED, Phase.CONNECT, new InetSocketAddress("127.0.0.1", 9));
        });
        try (var left = ground.serve(loops, service);
                var failed = ground.serve(loops, service)) {
            left.send(get("/left"));
            taken.get(10, TimeUnit.SECONDS);
            left.client().abort();
            assertThat(end().cause()).isIn(Cause.LOST, Cause.CLOSED);
            assertThat(lines.list).isEmpty();
            failed.send(get("/dead"));
            assertThat(end().cause()).isEqualTo(Cause.FAILED);
            assertThat(lines.list)
                    .singleElement()
                    .asString()
                    .contains("[INFO]", "GET /dead", "TakeOverEndTest.java:", "connect /127.0.0.1:9: ");
        } finally {
            log.detachAppender(lines);
            log.setLevel(Level.OFF);
        }
    }

    @Test
    void aLimitThatEndsTheHandlerIsToldWithWhatToDo() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(TakeOver.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.setLevel(Level.INFO);
        log.addAppender(lines);
        try (var served = ground.serve(loops, service(exchange -> {
            Connection raw = exchange.takeOver();
            raw.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(20)));
            raw.receiveLine();
        }))) {
            served.send(get("/silent"));
            assertThat(end().cause()).isEqualTo(Cause.TIMEOUT);
            assertThat(lines.list)
                    .singleElement()
                    .asString()
                    .contains("GET /silent", "20 ms to read", "timeouts(...)", "Duration.ZERO is none");
        } finally {
            log.detachAppender(lines);
            log.setLevel(Level.OFF);
        }
    }

    @Test
    void whatIsGivenBackLeavesNothingBehind() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        var kept = new ArrayList<WeakReference<TakeOver>>();
        for (int i = 0; i < 1000; i++) {
            var takeOver = new TakeOver("exchange " + i, "raw", (StreamConnection) pair.first(), null);
            takeOver.begin();
            takeOver.claim();
            takeOver.resumed();
            kept.add(new WeakReference<>(takeOver));
        }
        Await.until("none is remembered", () -> {
            System.gc();
            return kept.stream().allMatch(each -> each.refersTo(null));
        });
        pair.first().abort();
        pair.second().abort();
    }

    @Test
    void aHeadThatHasNeverLeftAndBytesOfTheTakersOwnAreNoNegativeCounts() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        var takeOver = new TakeOver("exchange", "raw", (StreamConnection) pair.first(), null);
        takeOver.begin();
        takeOver.sentHead(80);
        pair.first().unread(ByteBuffer.wrap(new byte[] {'x'}));
        takeOver.claim();
        takeOver.resumed();
        requireEnd(takeOver.end(false), Cause.RESUMED, 0, 0);
        pair.first().abort();
        pair.second().abort();
    }

    @Test
    void whoeverGivesItBackWhileItEndsCountsOnce() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        var takeOver = new TakeOver("exchange", "raw", (StreamConnection) pair.first(), null);
        pair.second().send("before");
        pair.second().flush();
        pair.first().receive(6);
        takeOver.begin();
        pair.second().send("in between");
        pair.second().flush();
        pair.first().receive(10);
        takeOver.claim();
        pair.first().abort();
        requireEnd(takeOver.end(false), Cause.CLOSED, 10, 0);
        takeOver.resumed();
        assertThat(takeOver.end(false).received()).isEqualTo(10);
        pair.second().abort();
    }
}
