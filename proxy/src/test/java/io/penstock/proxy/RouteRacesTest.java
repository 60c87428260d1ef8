package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakeOverEnd;
import io.penstock.http.internal.HttpService;
import io.penstock.net.Connection;
import io.penstock.net.Loop;
import io.penstock.testkit.LeakCheck;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Routes whose handler lets several threads at its exchange: hooks and log are told once all the same. */
class RouteRacesTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    @Test
    void theHooksSeeOneAnswerOfThoseThatAreGivenAtTheSameTime() throws Exception {
        var exchange = new AtomicReference<Exchange>();
        var second = new AtomicReference<Throwable>();
        var shown = new AtomicInteger();
        try (var rig = Rig.alone()
                .plugin(penstock -> {
                    penstock.on(Hook.SEND_RESPONSE_HEAD, _ -> {
                        if (shown.incrementAndGet() > 1) return;
                        Thread.ofPlatform()
                                .start(() -> second.set(
                                        catchThrowable(() -> exchange.get().respond(200, "second"))))
                                .join();
                    });
                    penstock.route("/both", handled -> {
                        exchange.set(handled);
                        handled.respond(200, "first");
                        assertThatIllegalStateException()
                                .isThrownBy(() -> handled.respond(200, "third"))
                                .withMessageContaining("is answered, with 200");
                    });
                })
                .start()) {
            assertThat(rig.get("/both").bytes()).asString().isEqualTo("first");
            assertThat(shown).hasValue(1);
            assertThat(second.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("another thread");
        }
    }

    @Test
    void oneThatIsTakenOverWhileItsHandlerReturnsEndsOnce() throws Exception {
        var taken = new CountDownLatch(1);
        var returned = new CountDownLatch(1);
        List<String> log = new CopyOnWriteArrayList<>();
        try (var rig = Rig.alone()
                .plugin(penstock -> {
                    penstock.on(Hook.TRANSACTION_CLOSE, transaction -> log.add("close in " + transaction.phase()));
                    penstock.route("/late", exchange -> {
                        Objects.requireNonNull(Loop.current()).spawn("taker", () -> {
                            Connection raw = exchange.takeOver();
                            raw.send("raw");
                            raw.close();
                        });
                        taken.await();
                    });
                })
                .start()) {
            var service = new HttpService(HttpServerOptions.DEFAULT, late(rig.proxy(), taken, returned));
            Connection.Pair pair = Connection.pair(rig.loop(), rig.loop());
            rig.loop().spawn("served", () -> service.serve(pair.second()));
            pair.first().send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(new String(pair.first().receiveAll(), StandardCharsets.US_ASCII))
                    .isEqualTo("raw");
            pair.first().close();
            await().atMost(Rig.LIMIT).until(() -> rig.proxy().sessions() == 0);
            assertThat(log).containsExactly("close in DONE");
            TransactionRecord record = rig.record();
            assertThat(record.phase()).isEqualTo(Phase.TAKEN_OVER);
            assertThat(record.sent()).isEqualTo(3);
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    /** Whoever takes over gets the connection only when the handler has returned. */
    private static Handler late(Handler proxy, CountDownLatch taken, CountDownLatch returned) {
        return new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                try {
                    proxy.handle((Exchange) Proxy.newProxyInstance(
                            Exchange.class.getClassLoader(), new Class<?>[] {Exchange.class}, (_, method, args) -> {
                                Object result = method.invoke(exchange, args);
                                if (method.getName().equals("takeOver")) {
                                    taken.countDown();
                                    returned.await();
                                }
                                return result;
                            }));
                } finally {
                    returned.countDown();
                }
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
                proxy.takeOverEnded(exchange, end);
            }

            @Override
            public void opened(Connection connection) {
                proxy.opened(connection);
            }

            @Override
            public void closed(Connection connection) {
                proxy.closed(connection);
            }
        };
    }
}
