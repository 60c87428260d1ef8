package io.penstock.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** The two families of stream sockets. */
enum Family {
    TCP(StandardProtocolFamily.INET),
    UNIX(StandardProtocolFamily.UNIX);

    private static final AtomicInteger PATHS = new AtomicInteger();

    private final ProtocolFamily protocol;

    Family(ProtocolFamily protocol) {
        this.protocol = protocol;
    }

    ProtocolFamily protocol() {
        return protocol;
    }

    /** An address to listen on that nobody else uses. */
    SocketAddress unused() {
        return switch (this) {
            case TCP -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            case UNIX -> UnixDomainSocketAddress.of(Directory.PATH.resolve("s" + PATHS.incrementAndGet()));
        };
    }

    /** Removes the file of a UNIX address that the JDK's server socket leaves behind. */
    static void forget(SocketAddress address) throws IOException {
        if (address instanceof UnixDomainSocketAddress unix) Files.deleteIfExists(unix.getPath());
    }

    /** Made when the first path is asked for, and removed with the process. */
    private static final class Directory {
        static final Path PATH = make();

        private static Path make() {
            try {
                Path directory = Files.createTempDirectory("penstock");
                directory.toFile().deleteOnExit();
                return directory;
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make a directory for UNIX sockets", e);
            }
        }
    }
}
