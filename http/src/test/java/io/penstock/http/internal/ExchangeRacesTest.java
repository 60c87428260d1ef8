package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.BodyOutput;
import io.penstock.http.Handler;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Threads that answer, take over, give back or watch one exchange at the same moment: one wins, the others are told. */
class ExchangeRacesTest extends GroundTest {
    private static final int TIMES = 500;

    private final ExecutorService threads = Executors.newFixedThreadPool(3);

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    /** Has all do their part at the same moment; what each of them got, or threw. */
    private List<Object> race(List<? extends Callable<?>> parts) throws Exception {
        var missing = new AtomicInteger(parts.size());
        var running = new ArrayList<Future<Object>>();
        for (Callable<?> part : parts) {
            running.add(threads.submit(() -> {
                missing.decrementAndGet();
                while (missing.get() > 0) Thread.yield();
                try {
                    return Objects.requireNonNullElse(part.call(), "done");
                } catch (IllegalStateException | ConnectionException e) {
                    return e;
                }
            }));
        }
        var results = new ArrayList<>();
        for (Future<Object> each : running) results.add(each.get());
        return results;
    }

    private static Callable<?> of(Act act) {
        return () -> {
            act.run();
            return null;
        };
    }

    private interface Act {
        void run() throws Exception;
    }

    private static <T> List<T> those(List<Object> results, Class<T> type) {
        return results.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static boolean isBusy(Object failure) {
        return failure instanceof ConnectionException e
                && (e.reason() == Reason.BUSY_WRITING || e.reason() == Reason.BUSY_READING);
    }

    /** Asks again and again on one connection; each answer must be what is expected then. */
    private void again(Handler handler, Asked asked) throws Exception {
        try (var served = serve(exchange -> {
            if (exchange.request().path().equals("/last")) {
                hello(exchange);
            } else {
                handler.handle(exchange);
            }
        })) {
            for (int i = 0; i < TIMES; i++) {
                served.send(get("/" + i));
                asked.answered(served);
            }
            assertThat(served.send(get("/last")).receiveAnswer()).endsWith("hello /last\n");
        }
    }

    private interface Asked {
        void answered(Served served) throws Exception;
    }

    @Test
    void oneOfThreeTakesOver() throws Exception {
        again(
                exchange -> {
                    List<Object> results =
                            race(List.<Callable<?>>of(exchange::takeOver, exchange::takeOver, exchange::takeOver));
                    List<Connection> winners = those(results, Connection.class);
                    assertThat(winners).hasSize(1);
                    assertThat(those(results, IllegalStateException.class))
                            .hasSize(2)
                            .allSatisfy(e -> assertThat(e).hasMessageMatching(".*(taken over already|takes its).*"));
                    winners.getFirst().send(".");
                    winners.getFirst().resumeHttp();
                },
                served -> assertThat(served.receive(1)).isEqualTo("."));
    }

    @Test
    void oneOfThreeAnswers() throws Exception {
        again(
                exchange -> {
                    Callable<?> answer = of(() -> exchange.respond(200, "hello"));
                    Callable<?> start = of(() -> exchange.start(
                                    ResponseHead.of(200, io.penstock.http.Headers.of("Content-Length", "5")))
                            .send("hello"));
                    List<Object> results = race(List.of(answer, start, answer));
                    assertThat(those(results, String.class)).hasSize(1);
                    assertThat(those(results, IllegalStateException.class)).hasSize(2);
                },
                served -> assertThat(served.receiveAnswer())
                        .startsWith("HTTP/1.1 200 OK")
                        .endsWith("\n\nhello"));
    }

    @Test
    void oneOfThreeFinishesTheBody() throws Exception {
        again(
                exchange -> {
                    BodyOutput body = exchange.start(ResponseHead.of(200));
                    body.send("hello");
                    List<Object> results = race(List.of(of(body::finish), of(body::finish), of(body::finish)));
                    assertThat(results).contains("done").allMatch(each -> !(each instanceof Throwable) || isBusy(each));
                },
                served -> assertThat(served.receiveAnswer() + served.receive(15))
                        .startsWith("HTTP/1.1 200 OK")
                        .endsWith("\n\n5\r\nhello\r\n0\r\n\r\n"));
    }

    @Test
    void whatIsRawComesBehindTheAnswerOrInItsPlace() throws Exception {
        again(
                exchange -> {
                    List<Object> results =
                            race(List.<Callable<?>>of(exchange::takeOver, of(() -> exchange.respond(200, "hello"))));
                    List<Connection> winners = those(results, Connection.class);
                    boolean answered = results.contains("done");
                    assertThat(answered || !winners.isEmpty())
                            .as(results::toString)
                            .isTrue();
                    Connection raw = winners.isEmpty() ? exchange.takeOver() : winners.getFirst();
                    raw.send(answered ? "|1!" : "|0!");
                    raw.resumeHttp();
                },
                served -> {
                    var all = new StringBuilder();
                    while (!all.toString().endsWith("!")) all.append(served.receive(1));
                    if (all.toString().endsWith("|1!")) {
                        assertThat(all.toString()).startsWith("HTTP/1.1 200 OK").endsWith("\r\n\r\nhello|1!");
                    } else {
                        assertThat(all.toString()).isEqualTo("|0!");
                    }
                });
    }

    @Test
    void aPieceOfABodyIsOutAsAWholeOrNotAtAll() throws Exception {
        for (int i = 0; i < TIMES / 5; i++) {
            try (var served = serve(exchange -> {
                BodyOutput body = exchange.start(ResponseHead.of(200));
                var sent = new AtomicInteger();
                var raw = new AtomicReference<Connection>();
                while (exchange.connection().origin() != Origin.TAKEN_OVER) {
                    List<Object> results = race(List.<Callable<?>>of(
                            of(() -> {
                                for (int j = 0; j < 20; j++) {
                                    body.send("piece");
                                    sent.incrementAndGet();
                                }
                            }),
                            exchange::takeOver));
                    assertThat(results)
                            .allMatch(each -> !(each instanceof Throwable) || isBusy(each) || isMisuse(each));
                    those(results, Connection.class).forEach(raw::set);
                }
                raw.get().send("RAW" + sent.get());
                raw.get().close(); // it is a matter of the scope of the thread that has taken it
            })) {
                String all = served.send(get("/")).receiveAll();
                int pieces = Integer.parseInt(all.substring(all.indexOf("RAW") + 3));
                assertThat(all.substring(all.indexOf("\r\n\r\n") + 4))
                        .isEqualTo("5\r\npiece\r\n".repeat(pieces) + "RAW" + pieces);
            }
        }
    }

    private static boolean isMisuse(Object failure) {
        return failure instanceof IllegalStateException;
    }

    @Test
    void oneOfThreeGivesItBack() throws Exception {
        again(
                exchange -> {
                    Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
                    raw.send(".");
                    Callable<?> back = of(raw::resumeHttp);
                    List<Object> results = race(List.of(back, back, back));
                    assertThat(those(results, String.class))
                            .as(results::toString)
                            .hasSize(1);
                    assertThat(results)
                            .allMatch(each -> !(each instanceof Throwable) || isBusy(each) || isMisuse(each));
                },
                served -> assertThat(served.receive(1)).isEqualTo("."));
    }

    @Test
    void aTakeOverThatIsRefusedLeavesItToTheOthers() throws Exception {
        try (var served = serve(exchange -> {
            List<Object> results = race(List.<Callable<?>>of(exchange::takeOver, exchange::takeOver));
            assertThat(those(results, IllegalStateException.class)).hasSize(2);
            assertThat(exchange.committed()).isFalse();
            exchange.body().receiveAll();
            throw new IllegalArgumentException("on purpose");
        })) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello");
            assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 500");
        }
    }

    @Test
    void allWhoWatchAreToldOnce() throws Exception {
        int each = 50;
        var told = new AtomicInteger();
        try (var served = serve(exchange -> {
            var watches = new ArrayList<Callable<?>>();
            for (int i = 0; i < 3; i++) {
                watches.add(of(() -> {
                    for (int j = 0; j < each; j++) exchange.onClientEnd(_ -> told.incrementAndGet());
                }));
            }
            assertThat(race(watches)).allMatch(result -> result.equals("done"));
            if (exchange.request().path().equals("/last")) {
                io.penstock.testkit.Await.until("all are told", () -> told.get() == 3 * each);
            }
            hello(exchange);
        })) {
            for (int i = 0; i < 100; i++) {
                served.send(get("/")).receiveAnswer();
            }
            served.send(get("/last")).client().shutdownOutput();
            assertThat(served.receiveAll()).endsWith("hello /last\n");
            assertThat(told).hasValue(3 * each);
        }
    }
}
