package io.penstock.bench;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import java.lang.management.ManagementFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Opens and closes connections, and borrows and releases them, very often, and looks whether anything grows: the heap, the
 * descriptors, or the list of lost buffers. Over a UNIX socket, which leaves no closed connections behind to wait.
 *
 * <p>{@code SoakTest} is the short one; this program does a million of each, and exits with 1 when something has grown.
 */
public final class Soak {
    private static final int SLICES = 10;
    private static final int USERS = 4;
    private static final long SLACK = 4L << 20;

    private Soak() {}

    /**
     * What there was at one moment, after the garbage had been collected.
     *
     * @param heap bytes
     * @param descriptors open ones of the process
     */
    public record Sample(long heap, long descriptors) {}

    /** What was found: a sample after each tenth, and how many buffers were lost. */
    public record Report(String what, long operations, double micros, List<Sample> samples, int leaks) {
        /** What has grown since the first tenth, which warms up; empty when nothing has. */
        public List<String> growth() {
            List<String> grown = new ArrayList<>();
            Sample first = samples.getFirst();
            Sample last = samples.getLast();
            if (last.heap > first.heap + SLACK) grown.add("heap from " + first.heap + " to " + last.heap + " bytes");
            if (last.descriptors > first.descriptors) {
                grown.add("descriptors from " + first.descriptors + " to " + last.descriptors);
            }
            if (leaks > 0) grown.add(leaks + " buffers were lost");
            return grown;
        }

        @Override
        public String toString() {
            var lines = new StringBuilder(
                    "%s: %,d at %.2f µs, %d lost buffers%n".formatted(what, operations, micros, leaks));
            for (Sample each : samples) {
                lines.append("  heap %,11d bytes, %3d descriptors%n".formatted(each.heap, each.descriptors));
            }
            return lines.toString();
        }
    }

    /** What is done over and over. */
    private interface Round {
        void run() throws Exception;
    }

    public static void main(String... args) throws Exception {
        long connects = args.length > 0 ? Long.parseLong(args[0]) : 1_000_000;
        long borrows = args.length > 1 ? Long.parseLong(args[1]) : 1_000_000;
        boolean grown = false;
        for (Report report : run(connects, borrows)) {
            System.out.print(report);
            report.growth().forEach(what -> System.out.println("  GROWN: " + what));
            grown |= !report.growth().isEmpty();
        }
        System.exit(grown ? 1 : 0);
    }

    /** Connects and closes so often, with five bytes each way, and then borrows and releases, with as many every hundredth time. */
    public static List<Report> run(long connects, long borrows) throws Exception {
        var leaks = new AtomicInteger();
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Counting(leaks));
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.ADVANCED);
        Path directory = Files.createTempDirectory("soak");
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("echo"));
        try (var loops = Loops.open(LoopOptions.DEFAULT.withStallThreshold(Duration.ZERO));
                var listener = Listener.open(loops, address, connection -> connection.transferTo(connection))) {
            var connector = Connector.of(loops);
            Report first = soak("connect/close", loops, connects, leaks, () -> {
                try (Connection connection = connector.connect(address)) {
                    exchange(connection);
                }
            });
            try (var pool = Pool.of(connector, PoolOptions.DEFAULT.withLimit(USERS / 2))) {
                var turn = new AtomicInteger();
                Report second = soak("borrow/release", loops, borrows, leaks, () -> {
                    Connection connection = pool.connect(address);
                    if (turn.incrementAndGet() % 100 == 0) exchange(connection);
                    connection.release();
                });
                return List.of(first, second);
            }
        } finally {
            Files.deleteIfExists(directory.resolve("echo"));
            Files.delete(directory);
        }
    }

    private static void exchange(Connection connection) throws Exception {
        connection.send("soak\n");
        if (!connection.receiveLine().equals("soak")) throw new AssertionError("the echo answers something else");
    }

    private static Report soak(String what, Loops loops, long operations, AtomicInteger leaks, Round round)
            throws Exception {
        List<Sample> samples = new ArrayList<>();
        long nanos = 0;
        for (int slice = 0; slice < SLICES; slice++) {
            long began = System.nanoTime();
            List<CompletableFuture<Void>> users = new ArrayList<>();
            for (int i = 0; i < USERS; i++) users.add(user(loops, operations / SLICES / USERS, round));
            for (CompletableFuture<Void> each : users) each.get();
            nanos += System.nanoTime() - began;
            samples.add(sample());
        }
        return new Report(what, operations, nanos / 1e3 / operations, List.copyOf(samples), leaks.get());
    }

    private static CompletableFuture<Void> user(Loops loops, long rounds, Round round) {
        var done = new CompletableFuture<Void>();
        loops.next().spawn("soak", () -> {
            try {
                for (long i = 0; i < rounds; i++) {
                    round.run();
                    if (i % 100 == 99) Thread.yield(); // a borrow need not park, and others are on this loop
                }
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    /** Waits until what is being closed is closed: the descriptors have come to rest when three looks see the same. */
    private static Sample sample() throws Exception {
        long descriptors = -1;
        for (int same = 0; same < 3; ) {
            Thread.sleep(20);
            long now = descriptors();
            same = now == descriptors ? same + 1 : 0;
            descriptors = now;
        }
        System.gc();
        System.gc();
        return new Sample(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), descriptors);
    }

    private static long descriptors() throws Exception {
        Path directory = Path.of("/proc/self/fd");
        if (!Files.isDirectory(directory)) return 0;
        try (var all = Files.list(directory)) {
            return all.count();
        }
    }

    /** Counts instead of logging. */
    private static final class Counting extends ResourceLeakDetectorFactory {
        private final AtomicInteger leaks;

        Counting(AtomicInteger leaks) {
            this.leaks = leaks;
        }

        @Override
        @SuppressWarnings("deprecation") // the deprecated one is the abstract one
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> kind, int interval, long maxActive) {
            return new ResourceLeakDetector<>(kind, interval) {
                @Override
                protected boolean needReport() {
                    return true;
                }

                @Override
                protected void reportTracedLeak(String type, String records) {
                    leaks.incrementAndGet();
                }

                @Override
                protected void reportUntracedLeak(String type) {
                    leaks.incrementAndGet();
                }
            };
        }
    }
}
