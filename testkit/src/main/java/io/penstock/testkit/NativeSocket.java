package io.penstock.testkit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;

/** Descriptors of Linux that neither the JDK nor Netty knows of. */
final class NativeSocket {
    private static final byte AF_UNIX = 1;
    private static final byte AF_INET = 2;
    private static final int SOCK_STREAM = 1;
    private static final int LONGEST_NAME = 110;

    private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CONNECT = call("connect", JAVA_INT, ADDRESS, JAVA_INT);

    private NativeSocket() {}

    private static MethodHandle call(String name, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    /** A blocking stream socket that is connected to the address, IPv4 or UNIX; the caller's. */
    static int connect(SocketAddress to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(LONGEST_NAME, 8);
            int length = write(to, name);
            int fd = (int) SOCKET.invokeExact((int) name.get(JAVA_BYTE, 0), SOCK_STREAM, 0);
            if (fd < 0 || (int) CONNECT.invokeExact(fd, name, length) != 0) {
                throw new IOException("the C library could not connect to " + to);
            }
            return fd;
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int write(SocketAddress address, MemorySegment name) {
        if (address instanceof UnixDomainSocketAddress unix) {
            byte[] path = unix.getPath().toString().getBytes(StandardCharsets.UTF_8);
            name.set(JAVA_BYTE, 0, AF_UNIX);
            MemorySegment.copy(path, 0, name, JAVA_BYTE, 2, path.length);
            return 2 + path.length + 1;
        }
        var inet = (InetSocketAddress) address;
        name.set(JAVA_BYTE, 0, AF_INET);
        name.set(JAVA_BYTE, 2, (byte) (inet.getPort() >> 8));
        name.set(JAVA_BYTE, 3, (byte) inet.getPort());
        MemorySegment.copy(inet.getAddress().getAddress(), 0, name, JAVA_BYTE, 4, 4);
        return 16;
    }
}
