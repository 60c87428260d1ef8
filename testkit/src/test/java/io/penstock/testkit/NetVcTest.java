package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.WriteVio;
import io.penstock.testkit.NetVcTest.End.Last;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table that Traffic Server drives its in-memory pair with ({@code NetVCTest}), over every transport, by its names. An end writes and
 * reads; when it knows how both ended, it closes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
final class NetVcTest {
    /**
     * What one end does.
     *
     * @param send how many bytes it has, of the {@code declared} it says it will write
     * @param read how many it will read
     * @param per how many it writes into its buffer at once
     * @param timeout how long it waits for its peer to move something
     */
    record End(int send, int declared, int read, int per, Duration timeout, Last reading, Last writing) {
        /** How an operation ends. */
        enum Last {
            COMPLETE,
            EOS,
            ERROR,
            INACTIVITY
        }

        static End of(int send, int read, int per) {
            return new End(send, send, read, per, Await.LIMIT, Last.COMPLETE, Last.COMPLETE);
        }

        End declaring(int bytes) {
            return new End(send, bytes, read, per, timeout, reading, writing);
        }

        End within(Duration limit) {
            return new End(send, declared, read, per, limit, reading, writing);
        }

        End ending(Last asReader, Last asWriter) {
            return new End(send, declared, read, per, timeout, asReader, asWriter);
        }
    }

    /**
     * An entry of the table.
     *
     * @param behind the first end writes on only when the second has closed: what a peer buffers is not what is tested
     */
    record Entry(String name, End first, End second, boolean behind) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> entries() {
        Duration shortly = Duration.ofMillis(300);
        Stream<Entry> all = Stream.of(
                new Entry("basic", End.of(2000, 2000, 50), End.of(2000, 2000, 50), false),
                new Entry("basic2", End.of(10001, 5001, 1024), End.of(5001, 10001, 1024), false),
                new Entry("large", End.of(1_000_000, 500_000, 8192), End.of(500_000, 1_000_000, 8192), false),
                new Entry("larget", End.of(1_000_000, 500_000, 40000), End.of(500_000, 1_000_000, 40000), false),
                new Entry("eos", End.of(4000, 10, 8192), End.of(10, 6000, 8192).ending(Last.EOS, Last.COMPLETE), false),
                new Entry(
                        "werr",
                        // not the 4000 of theirs, which a busy machine may have sent before the peer's close comes
                        // about
                        End.of(40_000_000, 10, 129).ending(Last.COMPLETE, Last.ERROR),
                        End.of(10, 10, 129),
                        true),
                new Entry(
                        "itimeout",
                        End.of(6000, 10, 512).declaring(8000).within(shortly).ending(Last.COMPLETE, Last.INACTIVITY),
                        End.of(10, 8000, 512).ending(Last.EOS, Last.COMPLETE),
                        false),
                new Entry("smallt", End.of(400, 500, 1), End.of(500, 400, 1), false),
                new Entry("overflow", End.of(1_000_000, 10, 1), End.of(10, 1_000_000, 1), false));
        return all.flatMap(entry -> Stream.of(Transport.values()).map(each -> Arguments.of(entry, each)));
    }

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));

    NetVcTest() {
        leaks.watch(loops);
    }

    @AfterAll
    void close() {
        loops.close(Duration.ofSeconds(5));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void bothEndsComeToTheEndTheyShould(Entry entry, Transport transport) throws Exception {
        Connection.Pair pair = transport.open(loops);
        var secondHasClosed = new CountDownLatch(1);
        try (var first = new Side(pair.first(), entry.first, entry.behind ? secondHasClosed : new CountDownLatch(0));
                var second = new Side(pair.second(), entry.second, new CountDownLatch(0))) {
            second.start();
            first.start();
            Await.until("the second end is done", second::isDone);
            secondHasClosed.countDown();
            first.look();
            Await.until("the first end is done", first::isDone);
            first.expect();
            second.expect();
            assertThat(second.received.position()).isEqualTo(Math.min(entry.second.read, entry.first.send));
            assertThat(first.received.position()).isEqualTo(entry.first.read);
        }
    }

    /** One end at work: a continuation, and what it keeps. */
    private static final class Side implements AutoCloseable {
        private final Connection connection;
        private final End end;
        private final CountDownLatch goOn;
        private final IoBuffer in = IoBuffer.open();
        private final IoBuffer out = IoBuffer.open();
        private final IoBuffer.Reader incoming = in.reader();
        private final io.penstock.testkit.Stream sent = new io.penstock.testkit.Stream();
        private final io.penstock.testkit.Stream received = new io.penstock.testkit.Stream();
        private final Continuation continuation = Continuation.of(this::handle);
        private volatile @Nullable Last reading;
        private volatile @Nullable Last writing;
        private volatile @Nullable Throwable failure;
        private volatile boolean closed;

        @SuppressWarnings("NullAway.Init")
        private volatile WriteVio writer;

        Side(Connection connection, End end, CountDownLatch goOn) {
            this.connection = connection;
            this.end = end;
            this.goOn = goOn;
            connection.timeouts(connection.timeouts().withRead(end.timeout).withWrite(end.timeout));
        }

        void start() throws Exception {
            ReadVio reader = connection.read(continuation, in, end.read);
            writer = connection.write(continuation, out.reader(), end.declared);
            assertThat(reader.requested()).isEqualTo(end.read);
        }

        private void handle(Continuation self, Event event) {
            try {
                switch ((VioEvent) event) {
                    case VioEvent.ReadReady _ -> consume();
                    case VioEvent.WriteReady(var to) -> produce(to);
                    case VioEvent.ReadComplete _ -> reading = Last.COMPLETE;
                    case VioEvent.WriteComplete _ -> writing = Last.COMPLETE;
                    case VioEvent.EndOfStream _ -> reading = Last.EOS;
                    case VioEvent.Reset reset -> fail(reset.vio() instanceof WriteVio);
                    case VioEvent.Failed failed -> fail(failed.vio() instanceof WriteVio);
                    case VioEvent.InactivityTimeout(WriteVio _) -> writing = Last.INACTIVITY;
                    case VioEvent.Closed _ -> {}
                    default -> throw new AssertionError("told " + event);
                }
                if (reading == null || writing == null || closed) return;
                consume();
                connection.close();
                closed = true;
            } catch (Throwable e) {
                failure = e;
            }
        }

        private void fail(boolean write) {
            if (write) {
                writing = Last.ERROR;
            } else {
                reading = Last.ERROR;
            }
        }

        private void consume() {
            received.check(incoming.read(Integer.MAX_VALUE));
        }

        private void produce(WriteVio to) {
            while (sent.position() < end.send && out.room() > 0 && (goOn.getCount() == 0 || sent.position() == 0)) {
                int count = (int) Math.min(Math.min(end.per, out.room()), end.send - sent.position());
                out.write(sent.next(count));
                to.reenable();
                if (goOn.getCount() == 0 && end.writing == Last.ERROR)
                    return; // a piece at a time, until one is too many
            }
        }

        /** What another end has done may be a reason to write on. */
        void look() {
            if (end.writing != Last.ERROR) return;
            continuation.tell(new VioEvent.WriteReady(writer), connection.loop());
        }

        boolean isDone() {
            if (failure != null) throw new AssertionError(failure);
            return closed;
        }

        void expect() {
            assertThat(reading).as("how reading ended").isEqualTo(end.reading);
            assertThat(writing).as("how writing ended").isEqualTo(end.writing);
        }

        @Override
        public void close() {
            connection.abort();
            in.close();
            out.close();
        }
    }
}
