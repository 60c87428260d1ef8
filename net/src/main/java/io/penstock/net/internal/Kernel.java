package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The system calls of 64-bit Linux that neither Netty nor the JDK offers as they are. None of them waits. Only where epoll or io_uring has
 * been found, so nowhere else is this class initialised.
 *
 * <p>They answer what the kernel answers, and throw what it calls an error.
 */
final class Kernel {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;

    static final int SOL_SOCKET = 1;

    private static final int F_GETFD = 1;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_RDWR = 2;
    private static final int STANDARD_STREAMS = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SPLICE_F_MOVE = 1;
    private static final int SPLICE_F_NONBLOCK = 2;
    private static final long FIONREAD = 0x541B;
    private static final long SIOCOUTQ = 0x5411;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = call("close", JAVA_INT);
    private static final MethodHandle BIND = call("bind", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT = call("connect", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = call("getsockname", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle GETPEERNAME = call("getpeername", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle FCNTL = variadic("fcntl", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle IOCTL = variadic("ioctl", JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle OPEN = variadic("open", ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP2 = call("dup2", JAVA_INT, JAVA_INT);
    private static final MethodHandle SETSOCKOPT = call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT = call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle RECVMMSG = call("recvmmsg", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle SENDMMSG = call("sendmmsg", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);

    private static final MethodHandle PIPE = call("pipe2", ADDRESS, JAVA_INT);
    private static final MethodHandle SPLICE =
            longCall("splice", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle READ = longCall("read", JAVA_INT, ADDRESS, JAVA_LONG);

    private Kernel() {}

    /** Does nothing, but for what happens the first time that something of this class is used: a third of a second on a busy machine. */
    static void link() {}

    static MethodHandle call(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, arguments),
                Linker.Option.captureCallState("errno"));
    }

    /** Of a function whose answer is a size. */
    static MethodHandle longCall(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_LONG, arguments),
                Linker.Option.captureCallState("errno"));
    }

    /** Of a function with two arguments and then one of those that may be there or not. */
    private static MethodHandle variadic(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(2));
    }

    /** Room for the error of a call. */
    static MemorySegment state(Arena arena) {
        return arena.allocate(STATE);
    }

    /** A datagram socket, non-blocking and not inherited by other programs. */
    static int datagramSocket(int family) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            return checked("socket", state, (int)
                    SOCKET.invokeExact(state, family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static void close(int fd) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            checked("close", state, (int) CLOSE.invokeExact(state, fd));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static void bind(int fd, MemorySegment name, int length) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            checked("bind", state, (int) BIND.invokeExact(state, fd, name, length));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static void connect(int fd, MemorySegment name, int length) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            checked("connect", state, (int) CONNECT.invokeExact(state, fd, name, length));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** The name's length. */
    static int nameOf(int fd, MemorySegment name) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) name.byteSize());
            checked("getsockname", state, (int) GETSOCKNAME.invokeExact(state, fd, name, length));
            return length.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** The length of the peer's name. */
    static int peerOf(int fd, MemorySegment name) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) name.byteSize());
            checked("getpeername", state, (int) GETPEERNAME.invokeExact(state, fd, name, length));
            return length.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** Fails with EBADF unless the number is that of something open. */
    static void requireOpen(int fd) throws Errno {
        control(fd, F_GETFD, 0);
    }

    static boolean isBlocking(int fd) throws Errno {
        return (control(fd, F_GETFL, 0) & O_NONBLOCK) == 0;
    }

    /** For all who share the open file, be it by other numbers or in other processes. */
    static void blocking(int fd, boolean yes) throws Errno {
        int flags = control(fd, F_GETFL, 0);
        control(fd, F_SETFL, yes ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
    }

    /** Another number for the same open file, not inherited by other programs, and none of the standard streams'. */
    static int duplicate(int fd) throws Errno {
        return control(fd, F_DUPFD_CLOEXEC, STANDARD_STREAMS);
    }

    /** Closes a number; a standard stream gives way to nothing, since what is opened next must not become one. */
    static void dispose(int fd) throws Errno {
        if (fd >= STANDARD_STREAMS) {
            close(fd);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment path = arena.allocateFrom("/dev/null");
            int nothing = checked("open", state, (int) OPEN.invokeExact(state, path, O_RDWR | SOCK_CLOEXEC, 0));
            try {
                checked("dup2", state, (int) DUP2.invokeExact(state, nothing, fd));
            } finally {
                close(nothing);
            }
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    private static int control(int fd, int command, int argument) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            return checked("fcntl", state, (int) FCNTL.invokeExact(state, fd, command, argument));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static int intOption(int fd, int level, int name) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            readOption(fd, level, name, value);
            return value.get(JAVA_INT, 0);
        }
    }

    static void option(int fd, int level, int name, MemorySegment value) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            checked("setsockopt", state, (int)
                    SETSOCKOPT.invokeExact(state, fd, level, name, value, (int) value.byteSize()));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** Fills in the value, and answers its length. */
    static int readOption(int fd, int level, int name, MemorySegment value) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
            checked("getsockopt", state, (int) GETSOCKOPT.invokeExact(state, fd, level, name, value, length));
            return length.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** The number of messages received, of whose lengths the kernel tells the true ones; 0 when there are none. */
    static int receiveMessages(int fd, MemorySegment headers, int count, MemorySegment state) throws Errno {
        try {
            int done =
                    (int) RECVMMSG.invokeExact(state, fd, headers, count, MSG_DONTWAIT | MSG_TRUNC, MemorySegment.NULL);
            return unlessLater("recvmmsg", state, done);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** The number of messages sent; 0 when there is no room. */
    static int sendMessages(int fd, MemorySegment headers, int count, MemorySegment state) throws Errno {
        try {
            int done = (int) SENDMMSG.invokeExact(state, fd, headers, count, MSG_DONTWAIT | MSG_NOSIGNAL);
            return unlessLater("sendmmsg", state, done);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** A pipe, non-blocking and not inherited by other programs: the number to write to above that to read from. */
    static long pipe() throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            checked("pipe2", state, (int) PIPE.invokeExact(state, ends, O_NONBLOCK | O_CLOEXEC));
            return (long) ends.getAtIndex(JAVA_INT, 1) << 32 | ends.getAtIndex(JAVA_INT, 0);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** How much a pipe has room for, which may be refused. */
    static void pipeSize(int fd, int bytes) throws Errno {
        control(fd, F_SETPIPE_SZ, bytes);
    }

    static int pipeSize(int fd) throws Errno {
        return control(fd, F_GETPIPE_SZ, 0);
    }

    /**
     * Moves bytes between a pipe and something else; how many, and 0 also when it would have to wait, or at the end of a stream.
     *
     * @param state as {@link #state} makes it, for one call at a time
     */
    static int splice(int from, int to, int most, MemorySegment state) throws Errno {
        try {
            long moved = (long) SPLICE.invokeExact(
                    state,
                    from,
                    MemorySegment.NULL,
                    to,
                    MemorySegment.NULL,
                    (long) most,
                    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
            return unlessLater("splice", state, (int) moved);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** How much a socket has received that nobody has taken. */
    static int waiting(int fd) throws Errno {
        return count(fd, FIONREAD);
    }

    /** How much a socket was given that its peer's system has not confirmed, the end of the stream included. */
    static int underWay(int fd) throws Errno {
        return count(fd, SIOCOUTQ);
    }

    private static int count(int fd, long what) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment count = arena.allocate(JAVA_INT);
            checked("ioctl", state, (int) IOCTL.invokeExact(state, fd, what, count));
            return count.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static int read(int fd, MemorySegment into) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            return checked("read", state, (int) (long) READ.invokeExact(state, fd, into, into.byteSize()));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** Why a call has failed. */
    static Errno error(String call, MemorySegment state) {
        return new Errno(call, (int) ERRNO.get(state, 0L));
    }

    private static int unlessLater(String call, MemorySegment state, int answer) throws Errno {
        if (answer >= 0) return answer;
        int number = (int) ERRNO.get(state, 0L);
        if (number == Errno.EAGAIN || number == Errno.EINTR) return 0;
        throw new Errno(call, number);
    }

    private static int checked(String call, MemorySegment state, int answer) throws Errno {
        if (answer < 0) throw new Errno(call, (int) ERRNO.get(state, 0L));
        return answer;
    }

    static Errno thrown(Throwable e) {
        return switch (e) {
            case Errno errno -> errno;
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> throw new IllegalStateException(e);
        };
    }
}
