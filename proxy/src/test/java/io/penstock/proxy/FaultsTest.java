package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServerOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Timeouts;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Origins and clients that misbehave in every way at once, by a seed that the failure tells.
 *
 * <p>Whatever they do: a whole answer is the right one, a request that may not be repeated reaches an origin once at most, each
 * transaction ends once, and nothing is left behind (which the rig sees to).
 */
class FaultsTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final int CLIENTS = 16;
    private static final int REQUESTS = 20;

    private static String echo(String target) {
        return (target + " ").repeat(1 + Math.floorMod(target.hashCode(), 3000));
    }

    private static void misbehave(Wire wire, Origin self, ConcurrentHashMap<String, AtomicInteger> seen)
            throws IOException {
        while (true) {
            Message head = self.takeHead(wire);
            if (head == null) return;
            String target = head.target();
            var random = new Random(target.hashCode());
            seen.computeIfAbsent(head.method() + target, _ -> new AtomicInteger())
                    .incrementAndGet();
            int how = random.nextInt(14);
            String answer = echo(target);
            switch (how) {
                case 0 -> {
                    wire.reset();
                    return;
                }
                case 1 -> {
                    return; // an end without a word
                }
                case 2 -> {
                    wire.sendRaw("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
                    if (random.nextBoolean()) wire.in().transferTo(OutputStream.nullOutputStream());
                    return;
                }
                case 3 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + (answer.length() + 1) + "\r\n\r\n" + answer);
                    if (random.nextBoolean()) wire.reset();
                    return;
                }
                case 4 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("NONSENSE\r\n\r\n");
                    return;
                }
                case 5 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.0 200 OK\r\n\r\n" + answer);
                    return;
                }
                case 6 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + Integer.toHexString(answer.length()) + "\r\n" + answer + "\r\n");
                    return; // without the last chunk
                }
                case 7 -> {
                    wire.sendRaw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
                }
                case 8, 9, 10 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + Integer.toHexString(answer.length()) + "\r\n" + answer + "\r\n0\r\nX-T: 1\r\n\r\n");
                }
                case 11 -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
                    return; // although it had not said so
                }
                default -> {
                    head.withBody(wire.in(), false);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
                }
            }
        }
    }

    /** Sends one request in one of many ways, and checks what comes back; whether the connection can go on. */
    private static boolean ask(Wire client, String target, Random random) throws IOException {
        int how = random.nextInt(10);
        String body = "b".repeat(random.nextInt(random.nextBoolean() ? 100 : 200_000));
        String method = "POST";
        switch (how) {
            case 0, 1, 2 -> {
                method = "GET";
                client.sendHead(method, target);
            }
            case 3 -> {
                client.sendHead(method, target, "Content-Length: " + (body.length() + 5))
                        .send(body);
                client.reset(); // in the middle of its body
                return false;
            }
            case 4 -> {
                client.sendHead(method, target, "Content-Length: " + body.length())
                        .send(body);
                client.reset(); // before its answer, or within it
                return false;
            }
            case 5 ->
                client.sendHead(method, target, "Transfer-Encoding: chunked")
                        .sendRaw(Integer.toHexString(body.length() + 1) + "\r\n" + body + "x\r\n")
                        .sendRaw("0\r\n\r\n");
            case 6 -> {
                client.sendHead(method, target, "Transfer-Encoding: chunked").send("5\nabcde\nqq\n");
                Message refusal = client.answer(method);
                while (refusal.status() < 200) refusal = client.answer(method);
                assertThat(refusal.status()).isNotEqualTo(200);
                return false;
            }
            case 7 -> {
                client.sendHead(method, target, "Expect: 100-continue", "Content-Length: 3");
                Message first = client.answer(method);
                while (first.status() == 103) first = client.answer(method);
                if (first.status() != 100) return false;
                client.send("abc");
            }
            default ->
                client.sendHead(method, target, "Content-Length: " + body.length())
                        .send(body);
        }
        Message answer = client.answer(method);
        while (answer.status() < 200) answer = client.answer(method);
        if (answer.status() == 200) assertThat(answer.body()).isEqualTo(echo(target));
        else assertThat(answer.status()).isIn(413, 502, 504);
        return !"close".equals(answer.field("Connection"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void whateverHappensNothingIsConfusedRepeatedOrLeft(Scheduler scheduler) throws Exception {
        long seed = System.nanoTime();
        var seen = new ConcurrentHashMap<String, AtomicInteger>();
        var ends = new AtomicInteger();
        var begins = new AtomicInteger();
        var failures = new CopyOnWriteArrayList<Throwable>();
        try (var captured = Captured.log();
                var origin = Origin.of((wire, self) -> misbehave(wire, self, seen));
                var rig = Rig.before(origin)
                        .scheduler(scheduler)
                        .loops(2)
                        .timeouts(Timeouts.of(Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(5)))
                        .server(HttpServerOptions.DEFAULT.withTimeouts(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(5)))
                        .plugin(penstock -> {
                            penstock.on(Hook.TRANSACTION_START, _ -> begins.incrementAndGet());
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> ends.incrementAndGet());
                        })
                        .start()) {
            var threads = new ArrayList<Thread>();
            for (int c = 0; c < CLIENTS; c++) {
                int number = c;
                threads.add(Thread.ofVirtual().start(() -> {
                    var random = new Random(seed + number);
                    Wire client = null;
                    for (int n = 0; n < REQUESTS; n++) {
                        try {
                            if (client == null) client = Wire.to(rig.address());
                            if (!ask(client, "/" + seed + "/" + number + "/" + n, random)) {
                                client.close();
                                client = null;
                            }
                        } catch (IOException _) {
                            client = closed(client); // the answer was incomplete, which it may be
                        } catch (Throwable e) {
                            failures.add(e);
                            client = closed(client);
                        }
                    }
                    closed(client);
                }));
            }
            for (Thread thread : threads)
                assertThat(thread.join(Duration.ofSeconds(40))).isTrue();
            assertThat(failures).as("seed " + seed).isEmpty();
            assertThat(seen.entrySet()).as("seed " + seed).allSatisfy(entry -> {
                int most = entry.getKey().startsWith("GET") ? 2 : 1;
                assertThat(entry.getValue().get()).as(entry.getKey()).isLessThanOrEqualTo(most);
            });
            org.awaitility.Awaitility.await()
                    .atMost(Rig.LIMIT)
                    .until(() -> rig.proxy().sessions() == 0);
            assertThat(ends.get()).as("seed " + seed).isEqualTo(begins.get());
            assertThat(captured.lines()).as("seed " + seed).noneMatch(line -> line.startsWith("ERROR"));
        }
    }

    private static Wire closed(Wire client) {
        try {
            if (client != null) client.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return null;
    }
}
