package io.penstock.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The calls by which somebody else than Penstock opens, uses and closes descriptors. */
final class Posix {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int STREAM = 1;
    static final int DATAGRAM = 2;
    static final int SEQPACKET = 5;
    static final int NONBLOCK = 0x800;
    static final int CLOEXEC = 1;

    private static final int SOL_SOCKET = 1;
    private static final int SO_PASSCRED = 16;
    private static final int SCM_RIGHTS = 1;
    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;

    private static final Linker LINKER = Linker.nativeLinker();

    private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SOCKETPAIR = call("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle BIND = call("bind", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LISTEN = call("listen", JAVA_INT, JAVA_INT);
    private static final MethodHandle ACCEPT = call("accept", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle GETSOCKNAME = call("getsockname", JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle CONNECT = call("connect", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle PIPE = call("pipe", ADDRESS);
    private static final MethodHandle EVENTFD = call("eventfd", JAVA_INT, JAVA_INT);
    private static final MethodHandle OPEN = call("open", ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP = call("dup", JAVA_INT);
    private static final MethodHandle DUP2 = call("dup2", JAVA_INT, JAVA_INT);
    private static final MethodHandle FCNTL = call("fcntl", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = call("close", JAVA_INT);
    private static final MethodHandle SHUTDOWN = call("shutdown", JAVA_INT, JAVA_INT);
    private static final MethodHandle SETSOCKOPT = call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SENDMSG = longCall("sendmsg", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle READ = longCall("read", JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE = longCall("write", JAVA_INT, ADDRESS, JAVA_LONG);

    private Posix() {}

    private static MethodHandle call(String name, MemoryLayout... arguments) {
        var type = FunctionDescriptor.of(JAVA_INT, arguments);
        boolean variadic = name.equals("open") || name.equals("fcntl");
        return variadic
                ? LINKER.downcallHandle(
                        LINKER.defaultLookup().findOrThrow(name), type, Linker.Option.firstVariadicArg(2))
                : LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    private static MethodHandle longCall(String name, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    private static long invoke(MethodHandle call, Object... arguments) {
        try {
            return ((Number) call.invokeWithArguments(arguments)).longValue();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static int done(MethodHandle call, Object... arguments) {
        long answer = invoke(call, arguments);
        if (answer < 0) throw new AssertionError("a system call failed: " + Arrays.toString(arguments));
        return (int) answer;
    }

    static int socket(int family, int type) {
        return done(SOCKET, family, type, 0);
    }

    /** Blocking ones. */
    static int[] pair(int type) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(JAVA_INT, 2);
            done(SOCKETPAIR, AF_UNIX, type, 0, both);
            return both.toArray(JAVA_INT);
        }
    }

    static int[] pipe() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(JAVA_INT, 2);
            done(PIPE, both);
            return both.toArray(JAVA_INT);
        }
    }

    static int event() {
        return done(EVENTFD, 0, 0);
    }

    static int file(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            return done(OPEN, arena.allocateFrom(path.toString()), 2, 0);
        }
    }

    static void bind(int fd, int family, int port) {
        withName(family, port, (name, length) -> done(BIND, fd, name, length));
    }

    static void bind(int fd, Path path) {
        withPath(path, (name, length) -> done(BIND, fd, name, length));
    }

    static void listen(int fd) {
        done(LISTEN, fd, 128);
    }

    static int accept(int fd) {
        return done(ACCEPT, fd, MemorySegment.NULL, MemorySegment.NULL);
    }

    static int port(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(28, 8);
            done(GETSOCKNAME, fd, name, arena.allocateFrom(JAVA_INT, 28));
            return (name.get(JAVA_BYTE, 2) & 0xff) << 8 | name.get(JAVA_BYTE, 3) & 0xff;
        }
    }

    /** False when it is still going on, or has failed. */
    static boolean connect(int fd, InetSocketAddress to) {
        int family = to.getAddress().getAddress().length == 4 ? AF_INET : AF_INET6;
        return withName(family, to.getPort(), (name, length) -> (int) invoke(CONNECT, fd, name, length)) == 0;
    }

    static boolean connect(int fd, Path path) {
        return withPath(path, (name, length) -> (int) invoke(CONNECT, fd, name, length)) == 0;
    }

    private interface Naming {
        int with(MemorySegment name, int length);
    }

    /** The loopback address. */
    private static int withName(int family, int port, Naming use) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(28, 8);
            name.set(JAVA_BYTE, 0, (byte) family);
            name.set(JAVA_BYTE, 2, (byte) (port >> 8));
            name.set(JAVA_BYTE, 3, (byte) port);
            if (family == AF_INET) {
                name.set(JAVA_BYTE, 4, (byte) 127);
                name.set(JAVA_BYTE, 7, (byte) 1);
                return use.with(name, 16);
            }
            name.set(JAVA_BYTE, 23, (byte) 1);
            return use.with(name, 28);
        }
    }

    private static int withPath(Path path, Naming use) {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(110, 8);
            name.set(JAVA_BYTE, 0, (byte) AF_UNIX);
            MemorySegment.copy(bytes, 0, name, JAVA_BYTE, 2, bytes.length);
            return use.with(name, 2 + bytes.length + 1);
        }
    }

    static int duplicate(int fd) {
        return done(DUP, fd);
    }

    /** What is open under one number is open under the other as well, whatever was before. */
    static void replace(int number, int fd) {
        done(DUP2, fd, number);
    }

    static void close(int fd) {
        done(CLOSE, fd);
    }

    static void halfClose(int fd) {
        done(SHUTDOWN, fd, 1);
    }

    static void makeNonBlocking(int fd) {
        done(FCNTL, fd, F_SETFL, done(FCNTL, fd, F_GETFL, 0) | NONBLOCK);
    }

    static void keepOpenAcrossExec(int fd) {
        done(FCNTL, fd, F_SETFD, 0);
    }

    /** What F_GETFL and F_GETFD answer; of a number that is not open, -1 both. */
    static Flags flags(int fd) {
        return new Flags((int) invoke(FCNTL, fd, F_GETFL, 0), (int) invoke(FCNTL, fd, F_GETFD, 0));
    }

    record Flags(int file, int descriptor) {
        boolean isOpen() {
            return descriptor >= 0;
        }

        boolean isBlocking() {
            return (file & NONBLOCK) == 0;
        }

        boolean isInherited() {
            return (descriptor & CLOEXEC) == 0;
        }
    }

    /** What is open under the number, such as {@code socket:[4711]}. */
    static String target(int fd) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    }

    /** The numbers under which that is open in this process. */
    static int[] numbersOf(String target) {
        return Descriptors.all().stream()
                .mapToInt(Integer::parseInt)
                .filter(fd -> isOpenAs(fd, target))
                .toArray();
    }

    private static boolean isOpenAs(int fd, String target) {
        try {
            return target(fd).equals(target);
        } catch (IOException e) {
            return false; // it was the one that the numbers were listed with
        }
    }

    static void write(int fd, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, from, JAVA_BYTE, 0, bytes.length);
            if (done(WRITE, fd, from, (long) bytes.length) != bytes.length) throw new AssertionError("written in part");
        }
    }

    /** Sends the text with descriptors beside it (SCM_RIGHTS). */
    static void send(int fd, String text, int... descriptors) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment piece = arena.allocate(16, 8);
            piece.set(ADDRESS, 0, arena.allocateFrom(JAVA_BYTE, bytes));
            piece.set(JAVA_LONG, 8, bytes.length);
            MemorySegment control = arena.allocate(16 + 8L * descriptors.length, 8);
            control.set(JAVA_LONG, 0, 16 + 4L * descriptors.length);
            control.set(JAVA_INT, 8, SOL_SOCKET);
            control.set(JAVA_INT, 12, SCM_RIGHTS);
            MemorySegment.copy(descriptors, 0, control, JAVA_INT, 16, descriptors.length);
            MemorySegment header = arena.allocate(56, 8);
            header.set(ADDRESS, 16, piece);
            header.set(JAVA_LONG, 24, 1);
            header.set(ADDRESS, 32, control);
            header.set(JAVA_LONG, 40, 16 + 4L * (descriptors.length + descriptors.length % 2));
            assertThat(done(SENDMSG, fd, header, 0)).isEqualTo(bytes.length);
        }
    }

    /** Has the sender's process told beside the bytes, before any descriptors. */
    static void passCredentials(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            done(SETSOCKOPT, fd, SOL_SOCKET, SO_PASSCRED, arena.allocateFrom(JAVA_INT, 1), 4);
        }
    }

    /** One call. Empty at the end of a stream. */
    static String read(int fd, int most) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(most);
            int count = done(READ, fd, into, (long) most);
            return new String(into.asSlice(0, count).toArray(JAVA_BYTE), StandardCharsets.ISO_8859_1);
        }
    }
}
