package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.penstock.net.event.Continuation;
import io.penstock.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Handlers that answer at once, late, twice and from elsewhere. */
class ReenableTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final int CHAINED = 10_000;

    private static long depth() {
        return StackWalker.getInstance().walk(frames -> frames.count());
    }

    @Test
    @DisplayName("STALL-FREE REENABLE: 10 000 chained handlers that answer at once need no more stack than one")
    void stallFreeReenable() throws Exception {
        Set<Long> depths = ConcurrentHashMap.newKeySet();
        var told = new AtomicInteger();
        var resumes = Continuation.of((_, event) -> {
            told.incrementAndGet();
            ((HttpEvent.TransactionHook) event).transaction().resume();
        });
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            for (int i = 0; i < CHAINED / 2; i++) {
                                transaction.on(Hook.PRE_REMAP, _ -> depths.add(depth()));
                                transaction.on(Hook.PRE_REMAP, resumes);
                            }
                        }))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(told).hasValue(CHAINED / 2);
            assertThat(depths).hasSize(1);
        }
    }

    @Test
    @DisplayName("STALL-FREE REENABLE: a second answer is an exception to the plugin, and nothing to the transaction")
    void secondAnswer() throws Exception {
        var refused = new LinkedBlockingQueue<Throwable>();
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.PRE_REMAP, Continuation.of((_, event) -> {
                            var transaction = ((HttpEvent.TransactionHook) event).transaction();
                            transaction.resume();
                            refused.add(catchThrowable(transaction::resume));
                        })))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.get("/").body()).isEqualTo("ok");
                assertThat(refused.take()).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    @DisplayName("AWAIT: a verdict of a thread that blocks holds up its own transaction only")
    void awaitVerdict() throws Exception {
        var asked = new CountDownLatch(1);
        var verdict = new LinkedBlockingQueue<Boolean>();
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            if (!transaction.request().path().equals("/asks")) return;
                            boolean allowed = transaction
                                    .session()
                                    .connection()
                                    .loop()
                                    .offload(() -> {
                                        asked.countDown();
                                        return verdict.take(); // blocks a thread of the operating system
                                    });
                            if (!allowed) transaction.respond(403, "authorization denied\n");
                        }))
                        .start();
                var client = rig.client();
                var others = new Wires(rig, 1000)) {
            client.sendHead("GET", "/asks");
            asked.await();
            // of the same loop, all at once, and none behind the one that is let go only then
            others.each(1, other -> assertThat(other.get("/").body()).isEqualTo("ok"));
            assertThat(client.in().available())
                    .as("still waits, behind 1000 others")
                    .isZero();
            verdict.add(true);
            assertThat(client.answer("GET").status()).isEqualTo(200);
            verdict.add(false);
            Message denied = client.get("/asks");
            assertThat(denied.status()).isEqualTo(403);
            assertThat(denied.body()).isEqualTo("authorization denied\n");
        }
    }

    /** Some clients of a rig at once. */
    private record Wires(List<Wire> all) implements AutoCloseable {
        Wires(Rig rig, int count) throws Exception {
            this(new ArrayList<>());
            for (int i = 0; i < count; i++) all.add(rig.client());
        }

        interface Use {
            void of(Wire wire) throws Exception;
        }

        /** Uses each of them so many times, all at once. */
        void each(int times, Use use) throws InterruptedException {
            var failures = new LinkedBlockingQueue<Throwable>();
            var threads = all.stream()
                    .map(wire -> Thread.ofVirtual().start(() -> {
                        try {
                            for (int i = 0; i < times; i++) use.of(wire);
                        } catch (Throwable e) {
                            failures.add(e);
                        }
                    }))
                    .toList();
            for (Thread thread : threads) thread.join();
            assertThat(failures).isEmpty();
        }

        @Override
        public void close() throws Exception {
            for (Wire wire : all) wire.close();
        }
    }

    @Test
    @DisplayName("DOUBLE-OBSERVER: two continuations count the same ends of 55 transactions and their sessions")
    void doubleObserver() throws Exception {
        var counts = new AtomicInteger[][] {
            {new AtomicInteger(), new AtomicInteger()}, {new AtomicInteger(), new AtomicInteger()}
        };
        int clients = 5;
        int requests = 11;
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .loops(2)
                        .plugin(penstock -> {
                            for (AtomicInteger[] count : counts) {
                                var observer = Continuation.of((_, event) -> {
                                    switch ((HttpEvent) event) {
                                        case HttpEvent.TransactionHook told -> {
                                            count[0].incrementAndGet();
                                            told.transaction().resume();
                                        }
                                        case HttpEvent.SessionHook told -> {
                                            count[1].incrementAndGet();
                                            told.session().resume();
                                        }
                                    }
                                });
                                penstock.on(Hook.TRANSACTION_CLOSE, observer);
                                penstock.on(Hook.SESSION_CLOSE, observer);
                            }
                        })
                        .start()) {
            try (var wires = new Wires(rig, clients)) {
                wires.each(requests, wire -> assertThat(wire.get("/").body()).isEqualTo("ok"));
            }
            await().atMost(Rig.LIMIT).until(() -> rig.proxy().sessions() == 0);
            for (AtomicInteger[] count : counts) {
                await().atMost(Rig.LIMIT)
                        .until(() -> count[1].get() == clients); // told behind the last count of sessions
                assertThat(count[0]).hasValue(clients * requests);
            }
        }
    }

    @Test
    @DisplayName("OPEN-CLOSE: of each of 100 connections, no transaction begins before its session or outlives it")
    void openClose() throws Exception {
        var told = new ConcurrentHashMap<Long, List<String>>();
        int clients = 100;
        int requests = 3;
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .loops(2)
                        .plugin(penstock -> {
                            var observer = Continuation.of((_, event) -> {
                                switch ((HttpEvent) event) {
                                    case HttpEvent.TransactionHook(var hook, var transaction) -> {
                                        told.get(transaction.session().id()).add(hook.toString());
                                        transaction.resume();
                                    }
                                    case HttpEvent.SessionHook(var hook, var session) -> {
                                        told.computeIfAbsent(session.id(), _ -> new CopyOnWriteArrayList<>())
                                                .add(hook.toString());
                                        session.resume();
                                    }
                                }
                            });
                            penstock.on(Hook.SESSION_START, observer);
                            penstock.on(Hook.TRANSACTION_START, observer);
                            penstock.on(Hook.TRANSACTION_CLOSE, observer);
                            penstock.on(Hook.SESSION_CLOSE, observer);
                        })
                        .start()) {
            try (var wires = new Wires(rig, clients)) {
                wires.each(requests, wire -> assertThat(wire.get("/").body()).isEqualTo("ok"));
            }
            var whole = new ArrayList<>(List.of("SESSION_START"));
            for (int i = 0; i < requests; i++) whole.addAll(List.of("TRANSACTION_START", "TRANSACTION_CLOSE"));
            whole.add("SESSION_CLOSE");
            await().atMost(Rig.LIMIT)
                    .untilAsserted(
                            () -> assertThat(told.values()).hasSize(clients).allMatch(whole::equals));
        }
    }

    @Test
    @DisplayName("CONNECT-REFUSED: an origin that refuses is 502, to a CONNECT too")
    void connectRefused() throws Exception {
        String closed = "127.0.0.1:" + Origin.dead().getPort();
        try (var rig = Rig.alone()
                        .connect(ConnectOptions.to(ConnectTarget.of(closed)))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").status()).isEqualTo(502);
            client.send("CONNECT " + closed + " HTTP/1.1\nHost: " + closed + "\n\n");
            Message refusal = client.answer("CONNECT");
            assertThat(refusal.status()).isEqualTo(502);
            assertThat(refusal.body()).contains("phase:    connect", "target:   " + closed, "refused");
        }
    }
}
