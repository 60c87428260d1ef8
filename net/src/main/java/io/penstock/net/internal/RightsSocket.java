package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A UNIX stream whose bytes may carry descriptors ({@code unix(7)}, SCM_RIGHTS). Sending and receiving never wait; {@link #await} does, and is
 * for a thread that may.
 *
 * <p>It is closed when nobody is inside a call any more, since its number may be another's at once.
 */
final class RightsSocket {
    static final short READABLE = 1;
    static final short WRITABLE = 4;
    static final int NO_DESCRIPTOR = -1;

    /** What {@link #receive} answers when there is nothing, or no room to send. */
    static final int LATER = -1;

    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SHUT_BOTH = 2;
    private static final int CLOSING = 1 << 30;

    // struct msghdr: name, its length, pieces, their number, control, its length, flags
    private static final int HEADER_SIZE = 56;
    private static final int PIECES = 16;
    private static final int PIECE_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;

    // struct cmsghdr with one descriptor: its length without padding, level, type, descriptor
    private static final int CONTROL_SIZE = 24;
    private static final long CONTROL_USED = 20;
    private static final int LEVEL = 8;
    private static final int TYPE = 12;
    private static final int DESCRIPTOR = 16;

    private static final MethodHandle SENDMSG = Kernel.longCall("sendmsg", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle RECVMSG = Kernel.longCall("recvmsg", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle POLL = Kernel.call("poll", ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SHUTDOWN = Kernel.call("shutdown", JAVA_INT, JAVA_INT);

    private final int fd;
    private final AtomicInteger uses = new AtomicInteger(1);

    /** The descriptor that came with the bytes that were received last. */
    private int received = NO_DESCRIPTOR;

    RightsSocket(int fd) {
        this.fd = fd;
    }

    /** Sends some of the bytes, the first of them with the descriptor if there is one: how many, or {@link #LATER}. */
    int send(byte[] bytes, int offset, int length, int descriptor) throws Errno {
        enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(length, 1));
            MemorySegment.copy(bytes, offset, data, JAVA_BYTE, 0, length);
            MemorySegment header = header(arena, data, length);
            if (descriptor != NO_DESCRIPTOR) {
                MemorySegment control = header.get(ADDRESS, CONTROL).reinterpret(CONTROL_SIZE);
                control.set(JAVA_LONG, 0, CONTROL_USED);
                control.set(JAVA_INT, LEVEL, Kernel.SOL_SOCKET);
                control.set(JAVA_INT, TYPE, SCM_RIGHTS);
                control.set(JAVA_INT, DESCRIPTOR, descriptor);
            } else {
                header.set(JAVA_LONG, CONTROL_LENGTH, 0);
            }
            return invoke("sendmsg", SENDMSG, arena, header, MSG_DONTWAIT | MSG_NOSIGNAL);
        } finally {
            leave();
        }
    }

    /**
     * Receives some bytes: how many, 0 at the end, or {@link #LATER}.
     *
     * @param carrying whether a descriptor may come with them, and is then to be {@linkplain #takeReceived taken}; others are closed
     */
    int receive(byte[] into, int offset, int length, boolean carrying) throws IOException {
        enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(length, 1));
            MemorySegment header = header(arena, data, length);
            // not the padding, in which there would be room for another one
            header.set(JAVA_LONG, CONTROL_LENGTH, carrying ? CONTROL_USED : 0);
            int count = invoke("recvmsg", RECVMSG, arena, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            if (count <= 0) return count;
            received = descriptorIn(header);
            if (carrying && (header.get(JAVA_INT, FLAGS) & MSG_CTRUNC) != 0) throw incomplete();
            MemorySegment.copy(data, JAVA_BYTE, 0, into, offset, count);
            return count;
        } finally {
            leave();
        }
    }

    private static int descriptorIn(MemorySegment header) {
        if (header.get(JAVA_LONG, CONTROL_LENGTH) < CONTROL_USED) return NO_DESCRIPTOR;
        MemorySegment control = header.get(ADDRESS, CONTROL).reinterpret(CONTROL_SIZE);
        boolean isOne = control.get(JAVA_LONG, 0) == CONTROL_USED
                && control.get(JAVA_INT, LEVEL) == Kernel.SOL_SOCKET
                && control.get(JAVA_INT, TYPE) == SCM_RIGHTS; // and not the sender's process, user and group
        return isOne ? control.get(JAVA_INT, DESCRIPTOR) : NO_DESCRIPTOR;
    }

    /** There was more than a descriptor, or no number for it: the kernel has dropped something. */
    private IOException incomplete() {
        int some = takeReceived();
        if (some == NO_DESCRIPTOR) return new Errno("recvmsg", Errno.EMFILE);
        Departure.close(some);
        return new IOException("more than one descriptor came with a message");
    }

    /** The descriptor that has come, which is the caller's from now on; {@link #NO_DESCRIPTOR} when none has. */
    int takeReceived() {
        int taken = received;
        received = NO_DESCRIPTOR;
        return taken;
    }

    private static MemorySegment header(Arena arena, MemorySegment data, int length) {
        MemorySegment piece = arena.allocate(16, 8);
        piece.set(ADDRESS, 0, data);
        piece.set(JAVA_LONG, 8, length);
        MemorySegment header = arena.allocate(HEADER_SIZE, 8);
        header.set(ADDRESS, PIECES, piece);
        header.set(JAVA_LONG, PIECE_COUNT, 1);
        header.set(ADDRESS, CONTROL, arena.allocate(CONTROL_SIZE, 8));
        header.set(JAVA_LONG, CONTROL_LENGTH, CONTROL_SIZE);
        return header;
    }

    private int invoke(String name, MethodHandle call, Arena arena, MemorySegment header, int flags) throws Errno {
        MemorySegment state = Kernel.state(arena);
        try {
            long count = (long) call.invokeExact(state, fd, header, flags);
            if (count >= 0) return (int) count;
        } catch (Throwable e) {
            throw Kernel.thrown(e);
        }
        Errno error = Kernel.error(name, state);
        if (error.number() == Errno.EAGAIN || error.number() == Errno.EINTR) return LATER;
        throw error;
    }

    /** Waits, blocking the calling thread; false when the time is over. Negative for no limit. */
    boolean await(short event, int millis) throws Errno {
        enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(8, 4);
            polled.set(JAVA_INT, 0, fd);
            polled.set(JAVA_SHORT, 4, event);
            MemorySegment state = Kernel.state(arena);
            int count = (int) POLL.invokeExact(state, polled, 1L, millis);
            if (count >= 0) return count > 0;
            Errno error = Kernel.error("poll", state);
            if (error.number() == Errno.EINTR) return true;
            throw error;
        } catch (Throwable e) {
            throw Kernel.thrown(e);
        } finally {
            leave();
        }
    }

    private void enter() throws Errno {
        int before = uses.getAndUpdate(count -> (count & CLOSING) != 0 ? count : count + 1);
        if ((before & CLOSING) != 0) throw new Errno("socket", Errno.EBADF);
    }

    private void leave() {
        if (uses.decrementAndGet() == CLOSING) Departure.close(fd);
    }

    boolean isClosed() {
        return (uses.get() & CLOSING) != 0;
    }

    /** Whoever waits does so no more. */
    void close() {
        if ((uses.getAndUpdate(count -> count | CLOSING) & CLOSING) != 0) return;
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) SHUTDOWN.invokeExact(Kernel.state(arena), fd, SHUT_BOTH);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        leave();
    }
}
