package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Reason;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors on their way to other processes. */
class HandOverTest {
    private static final int CONNECTIONS = 1000;
    private static final int PART = 10_000;

    @TempDir
    Path directory;

    private Loops loops;

    @BeforeEach
    void open() {
        assumeTrue(Epoll.isAvailable(), "descriptors are handed over on Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withStallThreshold(Duration.ZERO));
    }

    @AfterEach
    void close() {
        if (loops != null) loops.close(Duration.ZERO);
    }

    /**
     * A thousand echoes, each in the middle of a transfer, go from one process to another, and the first one exits. Each client gets back
     * every byte it has sent, once and in order.
     */
    @Test
    @Timeout(120)
    void aThousandLiveConnectionsMoveToAnotherProcessAndNobodyNotices() throws Exception {
        Path way = directory.resolve("way");
        Path port = directory.resolve("port");
        Process second = start("second", Second.class, way);
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(way));
        Process first = start("first", First.class, way, port);
        try {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(port));
            var address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(Files.readString(port)));
            var begun = new CountDownLatch(CONNECTIONS);
            var going = new CountDownLatch(1);
            var gone = new CountDownLatch(1);
            var clients = new ArrayList<Spawned<String>>();
            for (int i = 0; i < CONNECTIONS; i++) {
                int number = i;
                clients.add(Spawned.on(loops.next(), () -> client(address, number, begun, going, gone))
                        .within(Duration.ofSeconds(60)));
            }
            assertThat(begun.await(40, TimeUnit.SECONDS)).as("all have begun").isTrue();
            first.getOutputStream().write("go\n".getBytes(UTF_8));
            first.getOutputStream().flush();
            // or else it might have echoed all there is before it knows, and wait for more
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(directory.resolve("going")));
            going.countDown();
            assertThat(first.waitFor(40, TimeUnit.SECONDS)).as("the first ends").isTrue();
            assertThat(first.exitValue()).as(() -> said("first")).isZero();
            gone.countDown();
            for (var client : clients) assertThat(client.value()).isEqualTo("all came back");
            second.getOutputStream().close();
            assertThat(second.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(second.exitValue()).as(() -> said("second")).isZero();
        } finally {
            first.destroyForcibly();
            second.destroyForcibly();
        }
    }

    /** Sends a part and gets it back, has another one on the way when the server moves, and a last one when it has. */
    private String client(
            InetSocketAddress address, int number, CountDownLatch begun, CountDownLatch going, CountDownLatch gone)
            throws Exception {
        try (var connection = Connector.of(loops).connect(address)) {
            connection.send(part(number, 0));
            expect(connection, number, 0);
            begun.countDown();
            going.await();
            connection.send(part(number, 1));
            gone.await();
            connection.send(part(number, 2));
            connection.shutdownOutput();
            expect(connection, number, 1);
            expect(connection, number, 2);
            byte[] more = connection.receiveAll(100);
            return more.length == 0 ? "all came back" : more.length + " bytes too many";
        }
    }

    private static void expect(Connection connection, int number, int part) throws ConnectionException {
        if (!Arrays.equals(connection.receive(PART), part(number, part))) {
            throw new AssertionError("part " + part + " of client " + number + " came back otherwise");
        }
    }

    private static byte[] part(int number, int part) {
        byte[] bytes = new byte[PART];
        for (int i = 0; i < PART; i++) bytes[i] = (byte) (number * 31 + (part * PART + i) * 7);
        return bytes;
    }

    private Process start(String name, Class<?> program, Path... arguments) throws Exception {
        var command = new ArrayList<String>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                ForkedJvm.OPEN,
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=" + quietLog(),
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
        for (Path argument : arguments) command.add(argument.toString());
        File output = directory.resolve(name + ".out").toFile();
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
    }

    private Path quietLog() throws Exception {
        String text = "<configuration><root level=\"WARN\"/></configuration>";
        return Files.writeString(directory.resolve("logback.xml"), text);
    }

    private String said(String name) {
        try {
            return Files.readString(directory.resolve(name + ".out"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Echoes, until it is told to go; then it sends all connections to the second. */
    static final class First {
        private static volatile boolean going;

        private record Leaving(Detached detached, int echoed) {}

        public static void main(String... arguments) throws Exception {
            BlockingQueue<Leaving> leaving = new LinkedBlockingQueue<>();
            try (var loops = Loops.open()) {
                var listener = Listener.open(
                        loops,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        connection -> leaving.add(echo(connection)));
                Path port = Path.of(arguments[1]);
                Path written = Files.writeString(
                        port.resolveSibling("port.new"),
                        String.valueOf(((InetSocketAddress) listener.address()).getPort()));
                Files.move(written, port);
                if (System.in.read() < 0) throw new IllegalStateException("nobody says go");
                going = true;
                Files.createFile(port.resolveSibling("going"));
                var way = Connector.of(loops).connect(UnixDomainSocketAddress.of(arguments[0]));
                try (var handOver = HandOver.over(way)) {
                    for (int i = 0; i < CONNECTIONS; i++) {
                        Leaving next = leaving.take();
                        handOver.send(next.detached, String.valueOf(next.echoed).getBytes(UTF_8));
                    }
                }
            }
            System.exit(0);
        }

        /** It stops in the middle of what has come. */
        private static Leaving echo(Connection connection) throws ConnectionException {
            int echoed = 0;
            while (!going || echoed == PART) {
                byte[] bytes = connection.receiveAny(777);
                connection.send(bytes);
                echoed += bytes.length;
            }
            return new Leaving(connection.detach(), echoed);
        }
    }

    /** Goes on where the first has stopped. */
    static final class Second {
        public static void main(String... arguments) throws Exception {
            var received = new AtomicInteger();
            var unread = new AtomicInteger();
            try (var loops = Loops.open()) {
                Listener.open(loops, UnixDomainSocketAddress.of(arguments[0]), connection -> {
                    try (var handOver = HandOver.over(connection)) {
                        for (var handed = handOver.receive(); handed != null; handed = handOver.receive()) {
                            int echoed = Integer.parseInt(new String(handed.state(), UTF_8));
                            if (handed.detached().unread().hasRemaining()) unread.incrementAndGet();
                            received.incrementAndGet();
                            Connection adopted =
                                    Connection.adopt(handed.detached()).transfer(Scope.PROCESS);
                            adopted.loop().spawn("echo", () -> echo(adopted, echoed));
                        }
                    }
                });
                while (System.in.read() >= 0) {}
            }
            System.out.println(received + " received, " + unread + " with bytes");
            System.exit(received.get() == CONNECTIONS && unread.get() > 0 ? 0 : 1);
        }

        private static void echo(Connection connection, int echoed) throws ConnectionException {
            try (connection) {
                byte[] rest = connection.receive(3 * PART - echoed);
                connection.send(rest);
                connection.shutdownOutput();
                connection.receiveAll(1);
            }
        }
    }

    // ---- one at a time

    private record Way(HandOver here, HandOver there) implements AutoCloseable {
        @Override
        public void close() {
            here.close();
            there.close();
        }
    }

    private Way way() {
        int[] pair = Posix.pair(Posix.STREAM);
        var here = Spawned.onPlatformThread(() -> HandOver.over(Connection.adopt(pair[0])));
        var there = Spawned.onPlatformThread(() -> HandOver.over(Connection.adopt(pair[1])));
        return new Way(here.value(), there.value());
    }

    @Test
    void aConnectionArrivesWithItsBytesAndItsStateAndIsClosedHere() throws Exception {
        try (var way = way()) {
            int[] pair = Posix.pair(Posix.STREAM);
            String socket = Posix.target(pair[0]);
            var state = new byte[HandOver.LONGEST_STATE];
            state[state.length - 1] = 7;
            var receiving = Spawned.onPlatformThread(way.there()::receive);
            way.here().send(new Detached(pair[0], ByteBuffer.wrap("read before".getBytes(UTF_8))), state);
            var received = receiving.value();
            assertThat(received.state()).isEqualTo(state);
            assertThat(UTF_8.decode(received.detached().unread()).toString()).isEqualTo("read before");
            assertThat(Posix.numbersOf(socket))
                    .containsExactly(received.detached().descriptor());
            assertThat(Posix.flags(received.detached().descriptor()).isInherited())
                    .isFalse();
            Posix.close(received.detached().descriptor());
            Posix.close(pair[1]);
        }
    }

    @Test
    void aListenerArrives() throws Exception {
        try (var way = way()) {
            var listener =
                    Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), connection -> {});
            var receiving = Spawned.onPlatformThread(way.there()::receive);
            way.here().send(Detached.of(listener.detach()), new byte[0]);
            int fd = receiving.value().detached().descriptor();
            try (var again = Listener.adopt(loops, fd, connection -> {})) {
                assertThat(again.address()).isEqualTo(listener.address());
            }
        }
    }

    @Test
    void whatCannotBeSentIsStillTheCallers() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        try (var way = way()) {
            assertThatThrownBy(() -> way.here().send(Detached.of(pair[0]), new byte[HandOver.LONGEST_STATE + 1]))
                    .isInstanceOf(IllegalArgumentException.class);
            way.there().close();
            assertThatThrownBy(() -> way.here().send(Detached.of(pair[0]), new byte[0]))
                    .isInstanceOf(ConnectionException.class);
        }
        Posix.write(pair[0], "mine");
        assertThat(Posix.read(pair[1], 4)).isEqualTo("mine");
        for (int fd : pair) Posix.close(fd);
    }

    @Test
    void theEndIsToldAndAWaitEndsWithItsLimitOrAClose() throws Exception {
        try (var way = way()) {
            var waiting = Spawned.onPlatformThread(way.there()::receive).parked();
            way.here().close();
            assertThat(waiting.value()).isNull();
        }
        try (var way = way()) {
            var waiting = Spawned.onPlatformThread(way.there()::receive).parked();
            assertThat(Spawned.onPlatformThread(way.there()::receive).reason()).isEqualTo(Reason.BUSY_READING);
            way.there().close();
            var outcome = new CompletableFuture<String>();
            try {
                outcome.complete(String.valueOf(waiting.value()));
            } catch (AssertionError e) {
                outcome.complete(((ConnectionException) e.getCause()).reason().name());
            }
            assertThat(outcome.get()).isIn("null", "CLOSED");
        }
    }

    /** What each side takes for an answer is the other's message. */
    @Test
    void whoSendsWhileTheOtherSideDoesKeepsTheDescriptor() throws Exception {
        int[] mine = Posix.pair(Posix.STREAM);
        int[] theirs = Posix.pair(Posix.STREAM);
        try (var way = way()) {
            var here = Spawned.onPlatformThread(() -> sent(way.here(), mine[0]));
            var there = Spawned.onPlatformThread(() -> sent(way.there(), theirs[0]));
            assertThat(List.of(here.reason(), there.reason())).contains(Reason.MALFORMED);
        }
        for (int[] pair : List.of(mine, theirs)) {
            Posix.write(pair[0], "kept");
            assertThat(Posix.read(pair[1], 4)).isEqualTo("kept");
            for (int fd : pair) Posix.close(fd);
        }
    }

    private static boolean sent(HandOver over, int fd) throws ConnectionException {
        over.send(Detached.of(fd), new byte[0]);
        return true;
    }

    /** A hand-over, and the bare socket at the other end of it. */
    private record Raw(HandOver here, int own, int peer) implements AutoCloseable {
        static Raw open() {
            int[] pair = Posix.pair(Posix.STREAM);
            int own = Posix.duplicate(pair[0]);
            Posix.write(pair[1], "PNSTKFD1");
            var here = Spawned.onPlatformThread(() -> HandOver.over(Connection.adopt(pair[0])))
                    .value();
            assertThat(Posix.read(pair[1], 8)).isEqualTo("PNSTKFD1");
            return new Raw(here, own, pair[1]);
        }

        @Override
        public void close() {
            here.close();
            Posix.close(own);
            Posix.close(peer);
        }
    }

    @Test
    void ofTwoDescriptorsInOneMessageNoneIsKept() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        try (var raw = Raw.open()) {
            Posix.send(raw.peer(), "\0\0\0\0\0\0\0\0", pair);
            assertThat(Spawned.onPlatformThread(raw.here()::receive).reason()).isEqualTo(Reason.MALFORMED);
        }
        for (int fd : pair) assertThat(Posix.numbersOf(Posix.target(fd))).containsExactly(fd);
        for (int fd : pair) Posix.close(fd);
    }

    @Test
    void theNumberOfTheSendersProcessIsNotTakenForADescriptor() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        try (var raw = Raw.open()) {
            Posix.passCredentials(raw.own());
            Posix.send(raw.peer(), "\0\0\0\0\0\0\0\0", pair[0]);
            assertThat(Spawned.onPlatformThread(raw.here()::receive).reason()).isIn(Reason.FAILED, Reason.MALFORMED);
        }
        for (int fd : pair) assertThat(Posix.numbersOf(Posix.target(fd))).containsExactly(fd);
        for (int fd : pair) Posix.close(fd);
    }

    @Test
    void manyWhoWaitLeaveTheThreadsOfTheLoopsToOthers() throws Exception {
        var ways = new ArrayList<Way>();
        var waiting = new ArrayList<Spawned<HandOver.Received>>();
        for (int i = 0; i < 40; i++) {
            var way = way();
            ways.add(way);
            waiting.add(Spawned.onPlatformThread(way.there()::receive).parked());
        }
        for (Loop loop : loops.all()) {
            assertThat(Spawned.on(loop, () -> loop.offload(() -> "done")).value())
                    .isEqualTo("done");
        }
        for (var way : ways) way.here().close();
        for (var each : waiting) assertThat(each.value()).isNull();
        for (var way : ways) way.close();
    }

    @Test
    void whatIsDetachedIsClosedOnceAndOnlyByItsOwner() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        var first = Detached.of(pair[0]);
        Connection adopted;
        try (first) {
            adopted = Connection.adopt(first);
        }
        Posix.write(pair[1], "x");
        assertThat(Spawned.on(adopted.loop(), () -> adopted.receive(1)).value()).isEqualTo(new byte[] {'x'});
        var second = Spawned.on(adopted.loop(), adopted::detach).value();
        int number = second.descriptor();
        second.close();
        second.close();
        assertThat(Posix.flags(number).isOpen()).isFalse();
        try (var way = way()) {
            assertThatIllegalStateException().isThrownBy(() -> way.here().send(second, new byte[0]));
        }
        assertThat(Posix.read(pair[1], 1)).isEmpty();
        Posix.close(pair[1]);
    }

    @Test
    void onlyUnixConnectionsAndOnlyThoseWhoKnowHow() throws Exception {
        var pair = Connection.pair(loops.next(), loops.next());
        assertThatThrownBy(() -> HandOver.over(pair.first()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("UNIX sockets only");
        pair.first().close();
        pair.second().close();
        int[] sockets = Posix.pair(Posix.STREAM);
        Posix.write(sockets[1], "GET / HTTP/1.1\r\n");
        assertThat(Spawned.onPlatformThread(() -> HandOver.over(Connection.adopt(sockets[0])))
                        .reason())
                .isEqualTo(Reason.MALFORMED);
        Posix.close(sockets[1]);
    }
}
