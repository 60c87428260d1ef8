package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Delimited;
import io.penstock.net.Until;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@link Pieces} against a model that takes one byte at a time, as the reference tells it. */
final class PiecesTest {
    private static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);
    private static final int ROUNDS = 30_000;

    @Test
    void allPiecesAreThoseOfTheByteWiseModel() throws Exception {
        for (long seed = SEED; seed < SEED + ROUNDS; seed++) {
            try {
                compare(new Random(seed));
            } catch (AssertionError e) {
                throw new AssertionError("with -Dpenstock.seed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void compare(Random random) throws Exception {
        int letters = 1 + random.nextInt(3);
        byte[] stream = text(random, random.nextInt(40), letters);
        byte[][] patterns = {text(random, 1 + random.nextInt(7), letters), text(random, 1 + random.nextInt(3), letters)
        };
        boolean inclusive = random.nextInt(4) == 0;
        var input = new ScriptedInput.Timing(stream, random);
        var model = new Model(stream);
        var ours = new Delimited[2];
        var theirs = new Model.Iterator[2];
        for (int i = 0; i < 2; i++) {
            ours[i] = input.receiveUntil(patterns[i], inclusive ? Until.INCLUSIVE : Until.DEFAULT);
            theirs[i] = model.new Iterator(patterns[i], inclusive);
        }
        String what = Arrays.toString(patterns[0]) + Arrays.toString(patterns[1]) + Arrays.toString(stream);
        var calls = new ArrayList<String>();
        while (true) {
            int which = random.nextInt(5) == 0 ? 1 : 0;
            int size = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(6);
            if (random.nextInt(6) == 0) {
                calls.add("receive");
                String expected = model.receive();
                String got = outcome(_ -> input.receive(1));
                assertThat(got).as("%s %s", what, calls).isEqualTo(expected);
                continue;
            }
            calls.add(which + "(" + size + ")");
            String expected = theirs[which].next(size);
            String got = outcome(come -> size == 0 ? ours[which].next() : ours[which].next(size - come));
            assertThat(got).as("%s %s", what, calls).isEqualTo(expected);
            if (expected.startsWith("EOF")) return;
        }
    }

    private interface Act {
        byte @Nullable [] run(int come) throws ConnectionException;
    }

    /** What the call gives at last, when the waits that were given up in between are put together. */
    private static String outcome(Act act) {
        var before = new StringBuilder();
        while (true) {
            try {
                byte[] got = act.run(before.length());
                return got == null ? "null" : before + string(got);
            } catch (ConnectionException e) {
                before.append(string(e.partial()));
                if (e.reason() != Reason.TIMEOUT) return e.reason() + before.toString();
            }
        }
    }

    private static String string(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] text(Random random, int size, int letters) {
        var bytes = new byte[size];
        for (int i = 0; i < size; i++) bytes[i] = (byte) ('a' + random.nextInt(letters));
        return bytes;
    }

    @Test
    void anyBytesDelimit() throws Exception {
        for (byte[] delimiter :
                List.of(new byte[] {0}, new byte[] {0, 0}, new byte[] {-1, 0, -128, 127}, new byte[70_000])) {
            var stream = new byte[3 * delimiter.length + 3];
            Arrays.fill(stream, (byte) 1);
            System.arraycopy(delimiter, 0, stream, 1, delimiter.length);
            System.arraycopy(delimiter, 0, stream, delimiter.length + 1, delimiter.length);
            for (int cut : new int[] {1, 2, stream.length}) {
                var pieces = new ScriptedInput(stream, cut).receiveUntil(delimiter);
                assertThat(pieces.next()).isEqualTo(new byte[] {1});
                assertThat(pieces.next()).isEmpty();
                assertThatThrownBy(pieces::next).hasMessageContaining("ended");
            }
        }
    }

    @Test
    void theDelimiterIsTheCallersAgain() throws Exception {
        byte[] mine = {'b'};
        var pieces = new ScriptedInput("abc".getBytes(StandardCharsets.UTF_8), 3).receiveUntil(mine);
        mine[0] = 'c';
        assertThat(pieces.next()).isEqualTo(new byte[] {'a'});
    }

    @Test
    void whatASearchHasPassedIsNotKept() throws Exception {
        var input = new ScriptedInput(new byte[1 << 18], 1);
        var delimiter = new byte[100];
        delimiter[99] = 1;
        assertThatThrownBy(() -> input.receiveUntil(delimiter).next()).hasMessageContaining("ended");
        assertThat(input.largest()).isLessThan(2000);
    }

    @Test
    void misuseIsRefused() {
        var input = new ScriptedInput(new byte[0], 1);
        assertThatThrownBy(() -> input.receiveUntil(new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Until.DEFAULT.withLimit(-1)).isInstanceOf(IllegalArgumentException.class);
        var pieces = input.receiveUntil("x");
        assertThatThrownBy(() -> pieces.next(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pieces.next(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    /** The reference's algorithm, as it is told. */
    private static final class Model {
        private final ArrayDeque<Byte> stream = new ArrayDeque<>();
        private @Nullable Iterator withholding;

        Model(byte[] bytes) {
            for (byte b : bytes) stream.add(b);
        }

        String receive() {
            putBack();
            Byte next = stream.poll();
            return next == null ? "EOF" : "" + (char) next.byteValue();
        }

        private void putBack() {
            Iterator holder = withholding;
            if (holder == null) return;
            for (int i = holder.matched - 1; i >= 0; i--) stream.push(holder.pattern[i]);
            holder.matched = 0;
            withholding = null;
        }

        private final class Iterator {
            private final byte[] pattern;
            private final boolean inclusive;
            private int matched;
            private boolean done;

            Iterator(byte[] pattern, boolean inclusive) {
                this.pattern = pattern;
                this.inclusive = inclusive;
            }

            String next(int size) {
                if (withholding != this) putBack();
                withholding = this;
                if (done) {
                    done = false;
                    return "null";
                }
                boolean sized = size > 0;
                int rest = sized ? size : Integer.MAX_VALUE;
                var text = new StringBuilder();
                while (true) {
                    Byte next = stream.poll();
                    if (next == null) {
                        append(text, matched);
                        matched = 0;
                        return "EOF" + text;
                    }
                    if (next == pattern[matched]) {
                        if (++matched < pattern.length) continue;
                        matched = 0;
                        done = sized;
                        if (inclusive) append(text, pattern.length);
                        return text.toString();
                    }
                    if (matched == 0) {
                        text.append((char) next.byteValue());
                        if (--rest == 0) return text.toString();
                        continue;
                    }
                    int kept = border(next);
                    int passed;
                    if (kept >= 2) {
                        passed = matched + 1 - kept;
                    } else {
                        passed = matched;
                        kept = 0;
                        stream.push(next);
                    }
                    append(text, passed);
                    matched = kept;
                    if (rest <= passed) return text.toString();
                    rest -= passed;
                }
            }

            private int border(byte next) {
                var seen = Arrays.copyOf(pattern, matched + 1);
                seen[matched] = next;
                for (int k = matched; k >= 2; k--) {
                    if (Arrays.equals(pattern, 0, k, seen, seen.length - k, seen.length)) return k;
                }
                return 0;
            }

            private void append(StringBuilder text, int count) {
                for (int i = 0; i < count; i++) text.append((char) pattern[i]);
            }
        }
    }
}
