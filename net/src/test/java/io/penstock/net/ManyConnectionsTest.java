package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.penstock.net.LoopOptions.Scheduler;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many idle connections, each with a thread of its own that waits for a line. */
class ManyConnectionsTest {
    private static final int MANY = 10_000;

    /** Both ends are in this process, and other things have files open too. */
    private static final int SPARE = 500;

    private static final long MOST_BYTES_EACH = 16 * 1024;

    @Test
    void tenThousandIdleConnectionsAreHeldByTwoLoopsInLittleMemory() throws Exception {
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        int count = (int) Math.min(MANY, (system.getMaxFileDescriptorCount() - SPARE) / 2);
        assertThat(count).as("what the limit of open files allows").isGreaterThan(1000);
        var answered = new AtomicInteger();
        var clients = new ArrayList<SocketChannel>();
        try (var loops = Loops.open(LoopOptions.DEFAULT
                        .withCount(2)
                        .withScheduler(Scheduler.LOOP)
                        .withStallThreshold(Duration.ZERO));
                var listener = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), connection -> {
                    while (true) {
                        connection.send(connection.receiveLine() + "\n");
                        answered.incrementAndGet();
                    }
                })) {
            try {
                // all that is made once is there before the first measurement
                for (int i = 0; i < 20; i++) clients.add(client(listener, i));
                long before = usedHeap();
                for (int i = 20; i < count; i++) clients.add(client(listener, i));
                await().until(() -> listener.connections() == count && answered.get() == count);
                long each = (usedHeap() - before) / (count - 20);
                System.out.println(count + " idle connections, " + each + " bytes of heap each");
                assertThat(each).as("bytes of heap a connection").isPositive().isLessThan(MOST_BYTES_EACH);
                assertThat(loops.all()).allMatch(loop -> loop.connections() > count / 3, "has its share");
                // and each of them is alive
                for (int i = 0; i < count; i++) ask(clients.get(i), i);
                assertThat(answered.get()).isEqualTo(2 * count);
            } finally {
                for (SocketChannel each : clients) each.close();
            }
            await().until(() -> listener.connections() == 0);
        }
    }

    private static SocketChannel client(Listener listener, int number) throws Exception {
        var client = SocketChannel.open(listener.address());
        ask(client, number);
        return client;
    }

    private static void ask(SocketChannel client, int number) throws Exception {
        byte[] question = (number + "\n").getBytes();
        client.write(ByteBuffer.wrap(question));
        var answer = ByteBuffer.allocate(question.length);
        while (answer.hasRemaining()) {
            if (client.read(answer) < 0) throw new AssertionError("the connection has ended");
        }
        assertThat(answer.array()).isEqualTo(question);
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
