package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Delimited;
import io.penstock.net.Until;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A reader that draws its methods, and compares what each gives with what was sent. */
final class Reading {
    /** An iterator, and what tells it that it has come to its delimiter. */
    private record Delimiting(byte[] delimiter, boolean inclusive, Delimited pieces) {}

    private final Connection c;
    private final byte[] sent;
    private final Random random;
    private final List<Delimiting> iterators;
    private int at;

    Reading(Connection c, byte[] sent, Random random) {
        this.c = c;
        this.sent = sent;
        this.random = random;
        this.iterators = List.of(until("ab", false), until("a\nab", false), until("bab", true));
    }

    private Delimiting until(String delimiter, boolean inclusive) {
        byte[] bytes = Payload.bytes(delimiter);
        int limit = random.nextBoolean() ? 10 : 10_000;
        return new Delimiting(bytes, inclusive, c.receiveUntil(bytes, new Until(inclusive, limit)));
    }

    /** Reads until the stream ends; how many bytes it had. */
    int toTheEnd() throws ConnectionException {
        while (goOn()) {
            // the next method
        }
        return at;
    }

    /** Reads until all has come, or so many methods were called; how many bytes came. The stream must not end. */
    int untilAll(int calls) throws ConnectionException {
        for (int call = 0; call < calls && at < sent.length; call++) goOn();
        return at;
    }

    /** Calls a method; false at the end of the stream. */
    private boolean goOn() throws ConnectionException {
        try {
            c.timeouts(c.timeouts().withRead(Duration.ofNanos(20_000 + random.nextInt(4_000_000))));
            return step();
        } catch (ConnectionException e) {
            took(e.partial());
            switch (e.reason()) {
                case TIMEOUT, TOO_LONG, CANCELLED -> {
                    return true; // it goes on behind the partial bytes
                }
                case EOF, RESET -> {
                    return false;
                }
                default -> throw e;
            }
        }
    }

    private boolean step() throws ConnectionException {
        switch (random.nextInt(24)) {
            case 0, 1, 2 -> took(c.receive(random.nextInt(20)));
            case 3, 4, 5 -> took(Payload.bytes(c.receiveLine(random.nextInt(30)) + "\n"));
            case 6, 7 -> took(c.receiveAny(1 + random.nextInt(200)));
            case 8, 9 -> {
                ByteBuffer into = ByteBuffer.allocate(random.nextInt(20));
                if (c.read(into) < 0) return false;
                took(Arrays.copyOf(into.array(), into.position()));
            }
            case 10, 11 -> {
                ByteBuffer seen = c.peek(random.nextInt(30));
                assertThat(Payload.text(seen))
                        .isEqualTo(Payload.text(Arrays.copyOfRange(sent, at, at + seen.remaining())));
            }
            case 12, 13, 14 -> {
                int back = random.nextInt(Math.min(at, 10) + 1);
                c.unread(ByteBuffer.wrap(Arrays.copyOfRange(sent, at - back, at)));
                at -= back;
            }
            case 15 -> took(c.receiveAll(random.nextInt(50)));
            case 16 -> transfer();
            case 17, 18, 19, 20 -> piece(iterators.get(random.nextInt(iterators.size())), 0);
            case 21, 22 -> piece(iterators.get(random.nextInt(iterators.size())), 1 + random.nextInt(20));
            default -> assertThat(c.buffered()).isBetween(0, sent.length - at);
        }
        return true;
    }

    private void piece(Delimiting from, int size) throws ConnectionException {
        byte[] piece = size == 0 ? from.pieces.next() : from.pieces.next(size);
        if (piece == null) return;
        took(piece);
        if (!from.inclusive && (size == 0 || piece.length < size)) took(from.delimiter);
    }

    private void transfer() throws ConnectionException {
        var recorder = new TransferContract.Recorder();
        try {
            c.transferTo(recorder);
        } finally {
            took(recorder.bytes());
        }
    }

    private void took(byte[] bytes) {
        assertThat(at + bytes.length).isLessThanOrEqualTo(sent.length);
        assertThat(Payload.text(bytes)).isEqualTo(Payload.text(Arrays.copyOfRange(sent, at, at + bytes.length)));
        at += bytes.length;
    }
}
