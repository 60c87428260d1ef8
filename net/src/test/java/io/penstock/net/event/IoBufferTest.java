package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A chain of blocks with independent readers. Capitals in names are those of the peer's own tests. */
class IoBufferTest {
    private final IoBuffer buffer = IoBuffer.open();

    @AfterEach
    void close() {
        buffer.close();
    }

    private static String text(IoBuffer.Reader reader) {
        return new String(reader.read(Integer.MAX_VALUE), StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(int count) {
        var all = new byte[count];
        for (int i = 0; i < count; i++) all[i] = (byte) (i * 7);
        return ByteBuffer.wrap(all);
    }

    // ---- as the peer has it

    @Test
    void bufMarkTheLowWaterMarkIsZeroUntilItIsSet() {
        assertThat(buffer.lowWater()).isZero();
        buffer.lowWater(1000);
        assertThat(buffer.lowWater()).isEqualTo(1000);
    }

    @Test
    void bufProduceWhatIsProducedIsAvailableUntilItIsConsumed() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.space().put(bytes(10));
        buffer.produce(10);
        assertThat(reader.available()).isEqualTo(10);
        reader.consume(10);
        assertThat(reader.available()).isZero();
    }

    @Test
    void bufCloneADuplicateStartsWhereTheReaderIs() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write("0123456789");
        reader.consume(5);
        IoBuffer.Reader duplicate = reader.duplicate();
        assertThat(duplicate.available()).isEqualTo(5);
        assertThat(duplicate.block()).isEqualTo(reader.block());
        reader.consume(5);
        assertThat(text(duplicate)).isEqualTo("56789");
    }

    /** Several blocks, each worth sharing; {@code LeakWatch} sees what nobody has released. */
    @Test
    void nothingIsAppendedToAClosedBufferAndNothingLeaks() {
        IoBuffer source = IoBuffer.open(4096);
        IoBuffer.Reader reader = source.reader();
        source.write(bytes(3 * 4096 + 1000));
        IoBuffer other = IoBuffer.open();
        other.close();
        for (int i = 0; i < 100; i++) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> other.append(reader))
                    .withMessageContaining("closed");
        }
        assertThat(reader.available()).isEqualTo(3 * 4096 + 1000);
        source.close();
    }

    @Test
    void bufCopySharesAndConsumesNothing() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write(bytes(2000));
        try (IoBuffer other = IoBuffer.open()) {
            IoBuffer.Reader copied = other.reader();
            assertThat(other.append(reader)).isEqualTo(2000);
            assertThat(reader.available()).isEqualTo(2000);
            assertThat(copied.block()).isEqualTo(reader.block());
            byte[] before = reader.read(2000);
            buffer.close();
            assertThat(copied.read(2000))
                    .as("the blocks outlive their first buffer")
                    .isEqualTo(before);
        }
    }

    @Test
    void bufBlockFourBytesInAFreshBlockLeaveTheRestOfIt() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write("four");
        assertThat(reader.block().remaining()).isEqualTo(4);
        assertThat(buffer.space().remaining()).isEqualTo(32764);
        reader.consume(4);
        assertThat(reader.block().hasRemaining()).as("another block").isFalse();
    }

    // ---- bounds

    @Test
    void theHighWaterMarkIsTheMostThatIsKeptForTheSlowestReader() {
        buffer.highWater(10);
        IoBuffer.Reader fast = buffer.reader();
        IoBuffer.Reader slow = buffer.reader();
        ByteBuffer twelve = bytes(12);
        assertThat(buffer.write(twelve)).isEqualTo(10);
        assertThat(twelve.remaining()).isEqualTo(2);
        fast.consume(10);
        assertThat(buffer.room()).isZero();
        assertThat(buffer.space().hasRemaining()).isFalse();
        assertThat(buffer.write(twelve)).isZero();
        slow.consume(4);
        assertThat(buffer.room()).isEqualTo(4);
        assertThat(buffer.write(twelve)).isEqualTo(2);
        assertThat(buffer.kept()).isEqualTo(8);
    }

    @Test
    void whatMustBeWrittenAsAWholeIsRefusedWithoutRoom() {
        buffer.highWater(10);
        buffer.write("12345678");
        assertThatIllegalStateException().isThrownBy(() -> buffer.write("abc")).withMessageContaining("room for 2");
        assertThat(text(buffer.reader())).isEqualTo("12345678");
    }

    @Test
    void theMarksDoNotTouchEachOther() {
        buffer.lowWater(100);
        assertThat(buffer.highWater()).isEqualTo(IoBuffer.HIGH_WATER);
        buffer.highWater(100);
        assertThat(buffer.lowWater()).isEqualTo(100);
        assertThat(buffer.room()).isEqualTo(100);
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.highWater(99));
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.lowWater(101));
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.lowWater(-1));
        buffer.lowWater(0);
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.highWater(0));
    }

    @Test
    void aCopyIsBoundedToo() {
        buffer.write(bytes(3000));
        try (IoBuffer other = IoBuffer.open()) {
            other.highWater(1000);
            IoBuffer.Reader all = buffer.reader();
            assertThat(other.append(all)).isEqualTo(1000);
            other.reader().consume(500); // a second reader: the first one to be made holds nothing
            assertThat(other.append(all, 2999, 5)).isEqualTo(1);
            assertThatIllegalArgumentException().isThrownBy(() -> other.append(all, -1, 5));
        }
    }

    // ---- readers

    @Test
    void withoutAReaderEverythingStays() {
        buffer.write("kept");
        IoBuffer.Reader first = buffer.reader();
        assertThat(text(first)).isEqualTo("kept");
        first.close();
        buffer.write("later");
        assertThat(text(buffer.reader())).isEqualTo("later");
    }

    @Test
    void aReaderThatIsClosedHoldsNothingBack() {
        buffer.highWater(8);
        IoBuffer.Reader slow = buffer.reader();
        IoBuffer.Reader fast = buffer.reader();
        buffer.write("12345678");
        fast.consume(8);
        assertThat(buffer.room()).isZero();
        slow.close();
        assertThat(buffer.room()).isEqualTo(8);
        assertThatIllegalStateException().isThrownBy(() -> slow.consume(0));
        assertThat(slow.available()).isZero();
        slow.close();
    }

    @Test
    void nothingIsConsumedByWhoWantsTooMuch() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write("abc");
        assertThatIllegalArgumentException().isThrownBy(() -> reader.consume(4));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.consume(-1));
        assertThat(text(reader)).isEqualTo("abc");
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.produce(1)).withMessageContaining("space()");
    }

    @Test
    void aClosedBufferIsEmptyAndRefusesEverything() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write("gone");
        buffer.close();
        buffer.close();
        assertThat(buffer.isOpen()).isFalse();
        assertThat(reader.available()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> buffer.write("x"));
        assertThatIllegalStateException().isThrownBy(buffer::reader);
        assertThatIllegalStateException().isThrownBy(() -> reader.read(1));
    }

    @Test
    void whatIsBeingWrittenIsNotTakenAwayByAReader() {
        IoBuffer.Reader reader = buffer.reader();
        buffer.write("abc");
        ByteBuffer space = buffer.space();
        reader.consume(3);
        space.put((byte) 'd');
        buffer.produce(1);
        assertThat(text(reader)).isEqualTo("d");
    }

    /** As an operation consumes on its loop while a handler writes: for half a second. Each byte is a block, and the only one. */
    @Test
    void aBlockIsNotTakenAwayBeforeItIsWrittenInto() {
        try (IoBuffer bytewise = IoBuffer.open(1)) {
            bytewise.highWater(1);
            IoBuffer.Reader reader = bytewise.reader();
            long end = System.nanoTime() + 500_000_000;
            var writing = CompletableFuture.supplyAsync(() -> {
                int written = 0;
                while (System.nanoTime() - end < 0) {
                    ByteBuffer space = bytewise.space();
                    if (space.hasRemaining()) {
                        space.put((byte) written++);
                        bytewise.produce(1);
                    }
                    Thread.yield();
                }
                return written;
            });
            int read = 0;
            while (!writing.isDone() || reader.available() > 0) {
                for (byte each : reader.read(1)) assertThat(each).isEqualTo((byte) read++);
                reader.consume(0);
                Thread.yield();
            }
            assertThat(read).isEqualTo(writing.join());
        }
    }

    /** Against lists of bytes; what is freed too early or too late shows as wrong bytes, or as a leak of the class. */
    @Test
    void anyMixOfCallsGivesTheBytesThatWereWritten() {
        long seed = Long.getLong("penstock.seed", System.nanoTime());
        for (int round = 0; round < 300; round++, seed++) {
            try {
                mix(new Random(seed));
            } catch (Throwable e) {
                throw new AssertionError("with -Dpenstock.seed=" + seed, e);
            }
        }
    }

    private record Expected(IoBuffer.Reader reader, ArrayList<Byte> bytes) {}

    private static void mix(Random random) {
        try (IoBuffer mixed = IoBuffer.open(1 + random.nextInt(1000));
                IoBuffer source = IoBuffer.open(1 + random.nextInt(3000))) {
            mixed.highWater(5000);
            var readers = new ArrayList<Expected>();
            readers.add(new Expected(mixed.reader(), new ArrayList<>()));
            byte next = 0;
            for (int step = 0; step < 60; step++) {
                Expected one = readers.get(random.nextInt(readers.size()));
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        var some = new byte[random.nextInt(700)];
                        for (int i = 0; i < some.length; i++) some[i] = next++;
                        int taken = mixed.write(ByteBuffer.wrap(some));
                        next -= (byte) (some.length - taken);
                        for (Expected each : readers) for (int i = 0; i < taken; i++) each.bytes.add(some[i]);
                    }
                    case 2 -> {
                        byte[] some = bytes(random.nextInt(2000)).array();
                        IoBuffer.Reader from = source.reader();
                        source.write(ByteBuffer.wrap(some));
                        int offset = random.nextInt(some.length + 1);
                        int taken = mixed.append(from, offset, some.length);
                        assertThat(taken).isEqualTo(Math.min(some.length - offset, taken));
                        for (Expected each : readers) for (int i = 0; i < taken; i++) each.bytes.add(some[offset + i]);
                        from.close();
                    }
                    case 3 -> {
                        byte[] got = one.reader.read(random.nextInt(1500));
                        for (byte each : got) assertThat(each).isEqualTo(one.bytes.removeFirst());
                    }
                    case 4 -> readers.add(new Expected(one.reader.duplicate(), new ArrayList<>(one.bytes)));
                    default -> {
                        if (readers.size() > 1) {
                            one.reader.close();
                            readers.remove(one);
                        }
                    }
                }
                assertThat(mixed.kept()).isLessThanOrEqualTo(5000);
                for (Expected each : readers)
                    assertThat(each.reader.available()).isEqualTo(each.bytes.size());
            }
        }
    }
}
