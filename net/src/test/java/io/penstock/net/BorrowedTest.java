package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.internal.StreamConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever goes on using a connection behind its release gets nowhere, and its next user notices nothing. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class BorrowedTest {
    private static final int RACES = 1500;

    /** What somebody does to a connection who should not. */
    private interface Use {
        void of(Connection connection) throws Exception;
    }

    private final Loops loops;
    private final Loop loop;
    private final Listener listener;
    private final Pool pool;

    /** Lines of the last user that came in the middle of the next one's. */
    private final ConcurrentLinkedQueue<String> intrusions = new ConcurrentLinkedQueue<>();

    @TempDir
    private Path directory;

    BorrowedTest(Scheduler scheduler) throws Exception {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.all().get(0);
        listener = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), this::answer);
        pool = Pool.of(Connector.of(loops), PoolOptions.DEFAULT.withLimit(1).withBacklog(1));
    }

    /** Echoes lines, but for those of intruders. */
    private void answer(Connection connection) throws ConnectionException {
        String user = "";
        while (true) {
            String line = connection.receiveLine();
            if (line.equals("an intruder")) {
                if (user.startsWith("next")) intrusions.add(user);
            } else {
                user = line;
                connection.send(line + "\n");
            }
        }
    }

    @AfterEach
    void close() {
        pool.close();
        listener.close();
        loops.close(Duration.ZERO);
    }

    private static ConditionFactory await() {
        return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1));
    }

    private <T> T on(Callable<T> work) {
        return Spawned.on(loop, work).value();
    }

    private Connection take() {
        return on(() -> pool.connect(listener.address()));
    }

    private Released release(Connection connection) {
        return on(connection::release);
    }

    /** Has a connection used behind its release, while its next user waits for an answer that has come already. */
    private void useReleased(Use before, Use behind) throws Exception {
        Connection first = take();
        before.of(first);
        assertThat(release(first)).isEqualTo(Released.KEPT);
        Connection second = take();
        assertThat(second.id()).isEqualTo(first.id());
        on(() -> second.send("mine\n"));
        await().until(() -> second.buffered() == 5);
        behind.of(first);
        assertThat(this.<String>on(second::receiveLine)).isEqualTo("mine");
        on(() -> second.send("and mine again\n"));
        assertThat(this.<String>on(second::receiveLine)).isEqualTo("and mine again");
        assertThat(release(second)).isEqualTo(Released.KEPT);
    }

    private static final Use NOTHING = _ -> {};

    private Map<String, Use> operations() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "from a file");
        var all = new LinkedHashMap<String, Use>();
        all.put("receive", c -> c.receive(1));
        all.put("receiveLine", Connection::receiveLine);
        all.put("receiveAll", Connection::receiveAll);
        all.put("receiveAny", c -> c.receiveAny(10));
        all.put("receiveUntil", c -> c.receiveUntil("\n").next());
        all.put("receiveUntil, a part", c -> c.receiveUntil("\n").next(2));
        all.put("read", c -> c.read(ByteBuffer.allocate(10)));
        all.put("peek", c -> c.peek(1));
        all.put("unread", c -> c.unread(ByteBuffer.wrap(new byte[] {'x'})));
        all.put("transferTo", c -> c.transferTo(c));
        all.put("inputStream", c -> c.inputStream().read());
        all.put("send bytes", c -> c.send(new byte[] {'x'}));
        all.put("send nothing", c -> c.send(new byte[0]));
        all.put("send text", c -> c.send("x"));
        all.put("send buffers", c -> c.send(ByteBuffer.wrap(new byte[] {'x'})));
        all.put("send a file", c -> {
            try (var channel = FileChannel.open(file)) {
                c.send(channel, 0, 5);
            }
        });
        all.put("flush", Connection::flush);
        all.put("outputStream", c -> c.outputStream().write('x'));
        all.put("outputStream flush", c -> c.outputStream().flush());
        all.put("read in the background", c -> {
            try (var buffer = IoBuffer.open()) {
                c.read(Continuation.of((_, _) -> {}), buffer, 1);
            }
        });
        all.put("write in the background", c -> {
            try (var buffer = IoBuffer.open()) {
                c.write(Continuation.of((_, _) -> {}), buffer.reader(), 1);
            }
        });
        all.put("startTls", c -> c.startTls(TlsClient.DEFAULT, "localhost"));
        all.put("option", c -> c.option(StandardSocketOptions.TCP_NODELAY));
        all.put("set option", c -> c.option(StandardSocketOptions.TCP_NODELAY, false));
        return all;
    }

    @Test
    void everyOperationIsRefusedAndDisturbsNothing() throws Exception {
        for (var operation : operations().entrySet()) {
            useReleased(NOTHING, released -> {
                var refused = Spawned.on(loop, () -> {
                            operation.getValue().of(released);
                            return operation.getKey() + " was done";
                        })
                        .failing();
                assertThat(refused.reason()).as(operation.getKey()).isEqualTo(Reason.CLOSED);
                assertThat(refused).hasMessageContaining("was released");
            });
        }
    }

    @Test
    void whateverBecameOfItItsUserHasItNoMore() throws Exception {
        for (var operation : operations().entrySet()) {
            Connection connection = take();
            connection.shutdownInput();
            assertThat(release(connection)).isEqualTo(Released.ENDED);
            var refused = Spawned.on(loop, () -> {
                        operation.getValue().of(connection);
                        return operation.getKey() + " was done";
                    })
                    .failing();
            assertThat(refused.reason()).as(operation.getKey()).isEqualTo(Reason.CLOSED);
        }
    }

    @Test
    void endingItOnceMoreEndsNothing() throws Exception {
        for (Use ending : List.<Use>of(
                Connection::close,
                Connection::abort,
                Connection::shutdownInput,
                Connection::shutdownOutput,
                c -> c.asSocket().close())) {
            useReleased(
                    NOTHING,
                    released -> on(() -> {
                        ending.of(released);
                        return null;
                    }));
        }
        assertThat(pool.stats().dialled()).isOne();
    }

    @Test
    void itCannotBeReleasedForItsNextUser() throws Exception {
        useReleased(
                NOTHING,
                released -> assertThat(Spawned.on(loop, released::release).failure())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("released before"));
        useReleased(
                NOTHING,
                released -> assertThatThrownBy(released::resumeHttp).isInstanceOf(IllegalStateException.class));
    }

    @Test
    void itLooksEnded() throws Exception {
        useReleased(NOTHING, released -> {
            assertThat(released.isOpen()).isFalse();
            assertThat(released.inputEnd()).contains(Reason.CLOSED);
            assertThat(released.buffered()).isZero();
            assertThat(released.scope()).isSameAs(Scope.PROCESS);
            var told = new CopyOnWriteArrayList<Reason>();
            released.onInputEnd(told::add);
            await().until(() -> told.equals(List.of(Reason.CLOSED)));
        });
    }

    @Test
    void whatItsUserSetsLaterIsNotItsNextUsers() throws Exception {
        useReleased(NOTHING, released -> {
            released.timeouts(released.timeouts().withRead(Duration.ofNanos(1)));
            var _ = released.deadline(Duration.ZERO);
            var _ = released.cork();
            ((StreamConnection) released).uncorkAll();
            ((StreamConnection) released).cancelReceive();
            ((StreamConnection) released).closeUnlessReached(() -> true);
        });
    }

    @Test
    void aScopeThatItIsMovedToBehindItsReleaseEndsNothing() throws Exception {
        useReleased(
                NOTHING,
                released -> on(() -> {
                    try (var scope = Scope.open("late")) {
                        released.transfer(scope);
                        assertThat(released.scope()).isSameAs(Scope.PROCESS);
                    }
                    return null;
                }));
        assertThat(loops.abandoned()).isZero();
    }

    @Test
    void whatWasMadeFromItDiesWithIt() throws Exception {
        var made = new ArrayList<Use>();
        useReleased(
                connection -> {
                    var pieces = connection.receiveUntil("\n");
                    var in = connection.inputStream();
                    var out = connection.outputStream();
                    made.add(_ -> pieces.next());
                    made.add(_ -> in.read());
                    made.add(_ -> out.write('x'));
                    made.add(_ -> out.flush());
                },
                _ -> {
                    for (Use each : made) {
                        assertThat(Spawned.on(loop, () -> {
                                            each.of(null);
                                            return null;
                                        })
                                        .reason())
                                .isEqualTo(Reason.CLOSED);
                    }
                });
        useReleased(
                connection -> {
                    Socket socket = connection.asSocket();
                    made.clear();
                    made.add(_ -> socket.getInputStream().read());
                    made.add(_ -> socket.getOutputStream().write('x'));
                },
                _ -> {
                    for (Use each : made) {
                        assertThat(Spawned.on(loop, () -> {
                                            each.of(null);
                                            return null;
                                        })
                                        .failure())
                                .hasMessageContaining("Socket closed");
                    }
                });
    }

    @Test
    void corksAndDeadlinesAndWishesOfTheLastUserAreNotTheNextOnes() throws Exception {
        var made = new ArrayList<Use>();
        var told = new CopyOnWriteArrayList<Reason>();
        useReleased(
                connection -> {
                    Cork cork = connection.cork();
                    Deadline deadline = connection.deadline(Duration.ofDays(1));
                    var wish = connection.onInputEnd(told::add);
                    made.add(_ -> cork.close());
                    made.add(_ -> deadline.close());
                    made.add(_ -> assertThat(wish.cancel()).isFalse());
                },
                _ -> {
                    for (Use each : made) each.of(null);
                });
        assertThat(told).isEmpty();
    }

    /** Nobody knows what a cork held back that was left in: nothing, and the next user's bytes leave. */
    @Test
    void aCorkThatWasLeftInIsNoFlaw() throws Exception {
        useReleased(Connection::cork, NOTHING);
    }

    @Test
    void aReleaseThatIsRefusedLeavesEverythingAsItWas() throws Exception {
        Connection connection = take();
        var reading = Spawned.on(loop, () -> connection.receiveLine()).parked();
        assertThat(Spawned.on(loop, connection::release).failure()).hasMessageContaining("receiving");
        on(() -> connection.send("here\n"));
        assertThat(reading.value()).isEqualTo("here");
        assertThat(release(connection)).isEqualTo(Released.KEPT);
    }

    // ---- races

    /** A borrower who gives it back, the next one, who must notice nothing, and a thread that goes on with what is not its own. */
    @Test
    void whoeverEntersWhileItIsReleasedIsEitherInOrOut() throws Exception {
        var prey = new AtomicReference<Connection>();
        var got = new AtomicInteger();
        var over = new AtomicBoolean();
        var intruder = Spawned.onPlatformThread(() -> {
            var random = ThreadLocalRandom.current();
            while (!over.get()) {
                Connection connection = prey.get();
                if (connection == null) continue;
                try {
                    intrude(connection, random.nextInt(200), got);
                } catch (ConnectionException | IllegalStateException e) {
                    // it is told so
                }
            }
            return null;
        });
        var borrower = Spawned.on(loop, () -> {
            for (int i = 0; i < RACES; i++) {
                Connection first = pool.connect(listener.address());
                String name = "user " + i;
                first.send(name + "\n");
                assertThat(first.receiveLine()).isEqualTo(name);
                prey.set(first);
                for (int spin = ThreadLocalRandom.current().nextInt(300); spin > 0; spin--) Thread.onSpinWait();
                releaseFrom(first);
                Connection second = pool.connect(listener.address());
                for (int round = 0; round < 3; round++) {
                    String line = "next of " + i + ", " + round;
                    second.send(line + "\n");
                    assertThat(second.receiveLine()).isEqualTo(line);
                }
                assertThat(second.option(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
                prey.set(null);
                assertThat(second.release()).isEqualTo(Released.KEPT);
            }
            return null;
        });
        borrower.within(Duration.ofSeconds(60)).value();
        over.set(true);
        intruder.value();
        assertThat(got).hasValue(0);
        assertThat(intrusions).isEmpty();
        assertThat(pool.stats().reused()).isGreaterThan(RACES);
    }

    /** While the first user has it nothing comes that could be received, and what is sent is not answered. */
    private static void intrude(Connection connection, int what, AtomicInteger got) throws ConnectionException {
        switch (what % 10) {
            case 0 -> got.addAndGet(connection.receive(1).length);
            case 1 -> got.addAndGet(connection.receiveAny(100).length);
            case 2 -> got.addAndGet(Math.max(0, connection.read(ByteBuffer.allocate(1))));
            case 3 -> got.addAndGet(connection.buffered());
            case 4 -> connection.send("an intruder\n");
            case 5 -> ((StreamConnection) connection).cancelReceive();
            case 6 -> connection.cork();
            case 7 -> connection.option(StandardSocketOptions.SO_KEEPALIVE, false);
            case 8 -> {
                if (what > 150) connection.abort();
            }
            default -> {
                if (what > 150) connection.shutdownOutput();
            }
        }
    }

    private static void releaseFrom(Connection connection) {
        while (true) {
            try {
                connection.release();
                return;
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("another thread is");
                ((StreamConnection) connection).cancelReceive();
                Thread.onSpinWait();
            }
        }
    }
}
