package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bodies that are much larger than anything the proxy holds. */
class StreamingTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final long SIZE = 100_000_000;

    /** What may be in this process, for one transfer: a few buffers of each of its two connections. */
    private static final long HELD = 4_000_000;

    private static long buffered() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Sends that many bytes of a sequence that nowhere repeats within a buffer's size; their digest. */
    private static String sendSequence(Wire to, long size, AtomicLong sent) throws IOException {
        var digest = digest();
        var piece = new byte[65_521];
        long state = 1;
        for (long left = size; left > 0; ) {
            int count = (int) Math.min(piece.length, left);
            for (int i = 0; i < count; i += 8) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                for (int j = i; j < Math.min(count, i + 8); j++) piece[j] = (byte) (state >>> 8 * (j - i));
            }
            byte[] bytes = count == piece.length ? piece : java.util.Arrays.copyOf(piece, count);
            digest.update(bytes);
            to.send(bytes);
            sent.addAndGet(count);
            left -= count;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String receiveDigest(InputStream from, long size) throws IOException {
        var digest = digest();
        var piece = new byte[64 * 1024];
        for (long left = size; left > 0; ) {
            int count = from.read(piece, 0, (int) Math.min(piece.length, left));
            if (count < 0) throw new IOException(left + " bytes are missing");
            digest.update(piece, 0, count);
            left -= count;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void awaitStall(AtomicLong progress) {
        var last = new AtomicLong(-1);
        await("the sender to be held up")
                .pollInterval(Duration.ofMillis(200))
                .atMost(Duration.ofSeconds(20))
                .until(() -> {
                    long now = progress.get();
                    return now > 0 && last.getAndSet(now) == now;
                });
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aLargeBodyComesDownWholeAndIsNeverHeld(Scheduler scheduler) throws Exception {
        var sum = new CompletableFuture<String>();
        var sent = new AtomicLong();
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + SIZE + "\r\n\r\n");
                    sum.complete(sendSequence(wire, SIZE, sent));
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).scheduler(scheduler).start();
                var client = rig.slowClient(64 * 1024)) {
            long before = buffered();
            client.sendHead("GET", "/");
            assertThat(client.head().status()).isEqualTo(200);
            awaitStall(sent);
            assertThat(sent.get())
                    .as("what has left the origin for a client that reads nothing")
                    .isLessThan(SIZE / 2);
            assertThat(buffered() - before).isLessThan(HELD);
            assertThat(receiveDigest(client.in(), SIZE)).isEqualTo(sum.get(20, TimeUnit.SECONDS));
            assertThat(rig.record().sent()).isEqualTo(SIZE);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aLargeBodyGoesUpWholeAndIsNeverHeld(Scheduler scheduler) throws Exception {
        var sum = new CompletableFuture<String>();
        var sent = new AtomicLong();
        var read = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    read.await(30, TimeUnit.SECONDS);
                    sum.complete(receiveDigest(wire.in(), SIZE));
                    wire.sendRaw(Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).scheduler(scheduler).start();
                var client = rig.client()) {
            long before = buffered();
            client.sendHead("PUT", "/", "Content-Length: " + SIZE);
            var sending = new CompletableFuture<String>();
            Thread.ofVirtual().start(() -> {
                try {
                    sending.complete(sendSequence(client, SIZE, sent));
                } catch (IOException e) {
                    sending.completeExceptionally(e);
                }
            });
            awaitStall(sent);
            assertThat(sent.get())
                    .as("what has left the client for an origin that reads nothing")
                    .isLessThan(SIZE / 2);
            assertThat(buffered() - before).isLessThan(HELD);
            read.countDown();
            assertThat(sending.get(20, TimeUnit.SECONDS)).isEqualTo(sum.get(20, TimeUnit.SECONDS));
            assertThat(client.answer("PUT").body()).isEqualTo("ok");
            assertThat(rig.record().received()).isEqualTo(SIZE);
        }
    }

    @Test
    void aLargeBodyInChunksComesDownWhole() throws Exception {
        var sum = digest();
        var piece = new byte[99_991];
        for (int i = 0; i < piece.length; i++) piece[i] = (byte) (i * 31 >>> 3);
        int pieces = 200;
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    for (int i = 0; i < pieces; i++) {
                        wire.sendRaw(Integer.toHexString(piece.length) + "\r\n");
                        wire.send(piece);
                        wire.sendRaw("\r\n");
                    }
                    wire.sendRaw("0\r\n\r\n");
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start()) {
            for (int i = 0; i < pieces; i++) sum.update(piece);
            assertThat(digest().digest(rig.get("/").bytes())).isEqualTo(sum.digest());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void noAnswerGoesToTheWrongClientAndNoRequestIsSentTwice(Scheduler scheduler) throws Exception {
        int clients = 24;
        int requests = 40;
        var seen = ConcurrentHashMap.<String>newKeySet();
        var twice = new CopyOnWriteArrayList<String>();
        try (var origin = Origin.of((wire, self) -> {
                    for (Message request = wire.request(); request != null; request = wire.request()) {
                        if (!seen.add(request.target())) twice.add(request.target());
                        String echo = request.target() + "|" + request.body();
                        if (request.target().hashCode() % 3 == 0) {
                            wire.sendRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + Integer.toHexString(echo.length()) + "\r\n" + echo + "\r\n0\r\n\r\n");
                        } else {
                            wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: " + echo.length() + "\r\n\r\n" + echo);
                        }
                        if (request.target().hashCode() % 7 == 0) return; // the pool has to notice
                    }
                });
                var rig = Rig.before(origin).scheduler(scheduler).loops(2).start()) {
            var failures = new CopyOnWriteArrayList<Throwable>();
            var threads = new ArrayList<Thread>();
            for (int c = 0; c < clients; c++) {
                int number = c;
                Wire client = rig.client();
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int n = 0; n < requests; n++) {
                            String target = "/" + number + "/" + n;
                            String body = n % 4 == 0 ? "" : "b".repeat(n * 37) + number;
                            if (n % 4 == 0) {
                                client.sendHead("GET", target);
                            } else if (n % 4 == 1) {
                                client.sendHead("PUT", target, "Content-Length: " + body.length())
                                        .send(body);
                            } else {
                                client.send("PUT " + target + " HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n"
                                        + Integer.toHexString(body.length()) + "\n" + body + "\n0\n\n");
                            }
                            Message answer = client.answer("PUT");
                            if (answer.status() == 200)
                                assertThat(answer.body()).isEqualTo(target + "|" + body);
                            else assertThat(answer.status()).isEqualTo(502);
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread thread : threads)
                assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            assertThat(failures).isEmpty();
            assertThat(twice).isEmpty();
            int served = 0;
            for (int i = 0; i < clients * requests; i++) {
                if (rig.record().status() == 200) served++;
            }
            assertThat(served).isGreaterThan(clients * requests * 3 / 4);
            assertThat(rig.recordsLeft()).isZero();
        }
    }
}
