package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.penstock.net.Datagram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside the heap in which one {@code recvmmsg} or {@code sendmmsg} finds its messages.
 *
 * <p>It is borrowed for one call, which does not wait, so there are hardly more of them than processors, however many sockets there are.
 */
final class MessageBatch {
    /** The data of all messages of a call together. */
    static final int BYTES = 1 << 20;

    /** The messages of a call. */
    static final int SLOTS = 64;

    private static final int KEPT = Runtime.getRuntime().availableProcessors() + 1;
    private static final ConcurrentLinkedQueue<MessageBatch> IDLE = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger IDLE_COUNT = new AtomicInteger();

    // struct mmsghdr: a struct msghdr of name, namelen, iov, iovlen, control, controllen, flags; and the length of the
    // message
    private static final int HEADER = 64;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int VECTOR = 16;
    private static final int VECTORS = 24;
    private static final int FLAGS = 48;
    private static final int LENGTH = 56;

    /** struct iovec: where, and how much. */
    private static final int PIECE = 16;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment state = Kernel.state(arena);
    private final MemorySegment headers = arena.allocate(SLOTS * HEADER, 8);
    private final MemorySegment pieces = arena.allocate(SLOTS * PIECE, 8);
    private final MemorySegment names = arena.allocate(SLOTS * SocketName.SIZE, 8);
    private final MemorySegment data = arena.allocate(BYTES, 64);

    private MessageBatch() {}

    static MessageBatch borrow() {
        MessageBatch idle = IDLE.poll();
        if (idle == null) return new MessageBatch();
        IDLE_COUNT.decrementAndGet();
        return idle;
    }

    void giveBack() {
        if (IDLE_COUNT.incrementAndGet() <= KEPT) {
            IDLE.add(this);
        } else {
            IDLE_COUNT.decrementAndGet();
        }
    }

    /**
     * Receives what is there, without waiting.
     *
     * @param peer who is connected, and therefore the sender
     */
    List<Datagram> receive(int fd, int count, int max, @Nullable SocketAddress peer) throws Errno {
        int slot = Math.max(max, 1);
        int slots = Math.min(count, Math.min(SLOTS, BYTES / slot));
        for (int i = 0; i < slots; i++) header(i, (long) i * slot, max, SocketName.SIZE);
        int received = Kernel.receiveMessages(fd, headers, slots, state);
        if (received == 0) return List.of();
        var datagrams = new ArrayList<Datagram>(received);
        for (int i = 0; i < received; i++) {
            int size = headers.get(JAVA_INT, i * HEADER + LENGTH);
            byte[] bytes = new byte[Math.min(size, max)];
            MemorySegment.copy(data, JAVA_BYTE, (long) i * slot, bytes, 0, bytes.length);
            SocketAddress from =
                    peer != null ? peer : SocketName.read(name(i), headers.get(JAVA_INT, i * HEADER + NAME_LENGTH));
            datagrams.add(new Datagram(bytes, from, size));
        }
        return datagrams;
    }

    /**
     * Sends as many as there is room for, without waiting, from one on.
     *
     * @throws IllegalArgumentException when the next one has an address that such a socket cannot send to
     */
    int send(int fd, int family, List<Datagram> datagrams, int from) throws Errno {
        int slots = 0;
        long used = 0;
        for (Datagram each : datagrams.subList(from, Math.min(datagrams.size(), from + SLOTS))) {
            byte[] bytes = each.data();
            if (used + bytes.length > BYTES) break;
            SocketAddress to = each.peer();
            header(slots, used, bytes.length, to == null ? 0 : SocketName.write(to, family, name(slots)));
            MemorySegment.copy(bytes, 0, data, JAVA_BYTE, used, bytes.length);
            used += bytes.length;
            slots++;
        }
        return Kernel.sendMessages(fd, headers, slots, state);
    }

    private void header(int i, long offset, int length, int nameLength) {
        pieces.set(JAVA_LONG, (long) i * PIECE, data.address() + offset);
        pieces.set(JAVA_LONG, (long) i * PIECE + 8, length);
        long header = (long) i * HEADER;
        headers.set(JAVA_LONG, header + NAME, nameLength == 0 ? 0 : name(i).address());
        headers.set(JAVA_INT, header + NAME_LENGTH, nameLength);
        headers.set(JAVA_LONG, header + VECTOR, pieces.address() + (long) i * PIECE);
        headers.set(JAVA_LONG, header + VECTORS, 1);
        headers.set(JAVA_INT, header + FLAGS, 0);
    }

    private MemorySegment name(int i) {
        return names.asSlice((long) i * SocketName.SIZE, SocketName.SIZE);
    }
}
