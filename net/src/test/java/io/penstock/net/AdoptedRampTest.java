package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Phaser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What leaves and arrives through blocking descriptors of TCP that were adopted. */
class AdoptedRampTest {
    private static final byte[] RAMP = ramp();

    private Loops loops;

    @BeforeEach
    void open() {
        assumeTrue(Epoll.isAvailable(), "descriptors are adopted on Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    }

    @AfterEach
    void close() {
        if (loops != null) loops.close(Duration.ZERO);
    }

    /** What one side sends, and how much of it the other one wants. */
    private record Flow(int groups, int size, int wanted) {
        static final Flow ALL = new Flow(100, 200, 20_000);
    }

    /** FD-RAMP of Traffic Server's TSVConnFd: all six at once, within 15 s, and every byte is the one that is due. */
    @Test
    void fdRamp() throws Exception {
        long start = System.nanoTime();
        var sides = new ArrayList<Spawned<String>>();
        run(sides, Flow.ALL, new Flow(100, 200, 1));
        run(sides, new Flow(100, 200, 0), Flow.ALL);
        run(sides, Flow.ALL, Flow.ALL);
        run(sides, new Flow(10, 20, 200), new Flow(1000, 2000, 2_000_000));
        run(sides, new Flow(1000, 2000, 2_000_000), new Flow(10, 20, 200));
        run(sides, new Flow(3000, 20_000, 60_000_000), new Flow(3000, 20_000, 60_000_000));
        for (var side : sides)
            assertThat(side.within(Duration.ofSeconds(15)).value()).isEqualTo("done");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    }

    private void run(List<Spawned<String>> sides, Flow there, Flow back) throws ConnectionException {
        int[] pair = pair();
        Connection left = Connection.adopt(pair[0], AdoptOptions.DEFAULT.withLoop(loops.next()));
        Connection right = Connection.adopt(pair[1], AdoptOptions.DEFAULT.withLoop(loops.next()));
        var both = new Phaser(4); // what nobody wants must not reset the other direction
        sides.add(Spawned.on(left.loop(), () -> sent(left, there, both)));
        sides.add(Spawned.on(right.loop(), () -> received(right, there, both)));
        sides.add(Spawned.on(right.loop(), () -> sent(right, back, both)));
        sides.add(Spawned.on(left.loop(), () -> received(left, back, both)));
    }

    private static String sent(Connection connection, Flow flow, Phaser both) throws Exception {
        try {
            for (int i = 0; i < flow.groups; i++) {
                connection.send(RAMP, i * flow.size % 256, flow.size);
            }
            connection.flush();
        } catch (ConnectionException e) {
            if (flow.wanted != 0) throw e; // to be stopped is legal only where nothing is wanted
        }
        both.arriveAndAwaitAdvance();
        connection.close();
        return "done";
    }

    private static String received(Connection connection, Flow flow, Phaser both) throws Exception {
        for (int done = 0; done < flow.wanted; ) {
            byte[] bytes = connection.receiveAny(Math.min(16 * 1024, flow.wanted - done));
            for (byte each : bytes) {
                if (each != (byte) done) throw new AssertionError("byte " + done + " is " + each);
                done++;
            }
            if (bytes.length == 0) throw new AssertionError("the end after " + done + " of " + flow.wanted);
        }
        both.arriveAndAwaitAdvance();
        return "done";
    }

    private static byte[] ramp() {
        byte[] ramp = new byte[20_000 + 256];
        for (int i = 0; i < ramp.length; i++) ramp[i] = (byte) i;
        return ramp;
    }

    /** Netty would write to a blocking descriptor until the peer has taken all, and the loop would stand. */
    @Test
    void fiftyMebibytesToAStalledPeerOfABlockingDescriptorDoNotHoldTheLoop() throws Exception {
        try (var one = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            Loop loop = one.next();
            int[] pair = pair();
            assertThat(Posix.flags(pair[0]).isBlocking()).isTrue();
            Connection connection = Connection.adopt(pair[0], AdoptOptions.DEFAULT.withLoop(loop));
            byte[] much = new byte[50 << 20];
            var sending = Spawned.on(loop, () -> connection.send(much)).parked();
            for (int i = 0; i < 100; i++) {
                assertThat(Spawned.on(loop, () -> "turning").value()).isEqualTo("turning");
            }
            assertThat(sending.isDone()).isFalse();
            assertThat(one.stalls().count()).isZero();
            Spawned.on(loop, () -> {
                        connection.abort();
                        return null;
                    })
                    .value();
            assertThat(sending.reason()).isEqualTo(Reason.CLOSED);
            Posix.close(pair[1]);
        }
    }

    /** Both ends of a TCP connection, blocking. */
    private static int[] pair() {
        int listening = Posix.socket(Posix.AF_INET, Posix.STREAM);
        Posix.bind(listening, Posix.AF_INET, 0);
        Posix.listen(listening);
        int dialled = Posix.socket(Posix.AF_INET, Posix.STREAM);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Posix.port(listening));
        assertThat(Posix.connect(dialled, address)).isTrue();
        int accepted = Posix.accept(listening);
        Posix.close(listening);
        return new int[] {dialled, accepted};
    }
}
