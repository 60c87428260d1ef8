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
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loop;
import io.penstock.net.Relay;
import io.penstock.net.RelayOptions;
import io.penstock.net.Scope;
import io.penstock.testkit.Await;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A connection that was taken over, and that nobody has any more. */
class ForgottenTest extends GroundTest {
    private final List<TakeOverEnd> ends = new CopyOnWriteArrayList<>();

    private Served serveTelling(Handler handler) throws ConnectionException {
        Handler recorded = recorded(handler);
        return ground.serve(loops, new HttpService(HttpServerOptions.DEFAULT, new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                recorded.handle(exchange);
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
                ends.add(end);
            }
        }));
    }

    /** What is said of take-overs. */
    private static final class Log implements AutoCloseable {
        private final Logger logger = (Logger) LoggerFactory.getLogger(TakeOver.class);
        final ListAppender<ILoggingEvent> lines = new ListAppender<>();

        Log() {
            lines.start();
            logger.setLevel(Level.WARN);
            logger.addAppender(lines);
        }

        @Override
        public void close() {
            logger.detachAppender(lines);
            logger.setLevel(Level.OFF);
        }
    }

    private static void forget(Exchange exchange) throws ConnectionException {
        exchange.takeOver().transfer(Scope.PROCESS).send("RAW");
    }

    @Test
    void itIsClosedInOrderAndReportedWithTheStackOfItsTakeOver() throws Exception {
        try (var log = new Log();
                var served = serveTelling(ForgottenTest::forget)) {
            served.send(get("/leak"));
            assertThat(served.receive(3)).isEqualTo("RAW");
            Await.until("it is noticed", () -> {
                System.gc();
                return !served.client().inputEnd().isEmpty();
            });
            assertThat(served.receiveAll()).isEmpty(); // an end and no reset
            Await.until("it is told", () -> ends.size() == 1);
            assertThat(ends.getFirst().cause()).isEqualTo(Cause.FORGOTTEN);
            assertThat(ends.getFirst().sent()).isEqualTo(3);
            assertThat(log.lines.list).hasSize(1);
            ILoggingEvent told = log.lines.list.getFirst();
            assertThat(told.getFormattedMessage()).contains("GET /leak");
            assertThat(told.getThrowableProxy().getStackTraceElementProxyArray())
                    .anyMatch(each -> each.toString().contains("ForgottenTest.forget"));
        }
    }

    @Test
    void whoeverReadsOrHoldsAStreamOfItStillHasIt() throws Exception {
        var holder = new CompletableFuture<Object>();
        var read = new CompletableFuture<String>();
        try (var served = serveTelling(exchange -> {
            Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
            raw.loop().spawn("reader", () -> {
                read.complete(textOf(raw, 3));
                holder.complete(raw.outputStream());
            });
        })) {
            served.send(get("/"));
            for (int i = 0; i < 5; i++) {
                System.gc();
                assertThat(Await.stays(
                                Duration.ofMillis(20),
                                () -> served.client().inputEnd().isEmpty()))
                        .isTrue();
            }
            served.send("abc");
            assertThat(read.get()).isEqualTo("abc");
            var out = (java.io.OutputStream) holder.get();
            for (int i = 0; i < 5; i++) {
                System.gc();
                assertThat(Await.stays(
                                Duration.ofMillis(20),
                                () -> served.client().inputEnd().isEmpty()))
                        .isTrue();
            }
            out.write('x');
            assertThat(served.receive(1)).isEqualTo("x");
            assertThat(ends).isEmpty();
            served.client().abort();
        }
    }

    @Test
    void whatWasEndedOrGivenBackIsNotReported() throws Exception {
        try (var served = serveTelling(exchange -> {
            if (exchange.request().path().equals("/close")) {
                exchange.takeOver().transfer(Scope.PROCESS).close();
            } else {
                exchange.takeOver().transfer(Scope.PROCESS).resumeHttp();
            }
        })) {
            served.send(get("/1") + get("/2") + get("/close"));
            assertThat(served.receiveAll()).isEmpty();
            Await.until("all have ended", () -> ends.size() == 3);
            System.gc();
            assertThat(ends).extracting(TakeOverEnd::cause).containsExactly(Cause.RESUMED, Cause.RESUMED, Cause.CLOSED);
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    /** Its client may go on for a while, in which nobody here has to hold it. */
    @ParameterizedTest
    @ValueSource(strings = {"/close", "/kept", "/return", "/relay"})
    void whatWasEndedBeforeItsClientHasEndedIsNotReported(String way) throws Exception {
        var taken = new CompletableFuture<WeakReference<Connection>>();
        try (var log = new Log();
                var served = serveTelling(exchange -> taken.complete(new WeakReference<>(endedBy(way, exchange))));
                var other = serveTelling(ForgottenTest::forget)) {
            served.send(get(way));
            WeakReference<Connection> gone = taken.get();
            assertThat(served.receiveAll()).isEmpty();
            Await.until("nobody has it", () -> {
                System.gc();
                return gone.refersTo(null);
            });
            other.send(get("/leak"));
            other.receive(3);
            Await.until("one that was really forgotten is noticed behind it", () -> {
                System.gc();
                return !other.client().inputEnd().isEmpty();
            });
            served.client().close();
            other.client().close();
            Await.until("both are told", () -> ends.size() == 2);
            assertThat(ends).extracting(TakeOverEnd::cause).containsExactlyInAnyOrder(Cause.CLOSED, Cause.FORGOTTEN);
            assertThat(log.lines.list).singleElement().asString().contains("GET /leak");
        }
    }

    private Connection endedBy(String way, Exchange exchange) throws Exception {
        Connection raw = exchange.takeOver();
        switch (way) {
            case "/close" -> raw.close();
            case "/kept" -> raw.transfer(Scope.PROCESS).close();
            case "/relay" -> {
                Loop loop = loops.all().getFirst();
                Connection.Pair there = Connection.pair(loop, loop);
                Relay.between(raw, there.first(), RelayOptions.DEFAULT.withIdle(Duration.ofMillis(20)))
                        .join();
                there.second().close();
            }
            default -> {} // the handler's return ends it
        }
        return raw;
    }

    @Test
    void aServerThatIsStoppedCutsOffWhatNobodyHasAsWell() throws Exception {
        var service = new HttpService(HttpServerOptions.DEFAULT, recorded(ForgottenTest::forget));
        try (var served = ground.serve(loops, service)) {
            served.send(get("/"));
            served.receive(3);
            System.gc();
            service.abort();
            Await.until("nothing is served", () -> service.busy() == 0);
        }
    }
}
