package io.penstock.net;

import io.penstock.net.LoopOptions.Transport;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The kinds of datagram sockets, each with addresses that are free. */
enum DatagramKind {
    UDP_IPV4 {
        @Override
        SocketAddress free() {
            return new InetSocketAddress("127.0.0.1", 0);
        }
    },
    UDP_IPV6 {
        @Override
        SocketAddress free() {
            return new InetSocketAddress("::1", 0);
        }
    },
    UNIX_PATH {
        @Override
        SocketAddress free() {
            // a file that goes with its socket
            return UnixDomainSocketAddress.of(Path.of(System.getProperty("java.io.tmpdir"), freeName()));
        }
    },
    UNIX_ABSTRACT {
        @Override
        SocketAddress free() {
            return AbstractUnixAddress.of(freeName());
        }
    };

    private static final AtomicInteger NAMES = new AtomicInteger();

    abstract SocketAddress free();

    private static String freeName() {
        return "penstock-test-" + ProcessHandle.current().pid() + "-" + NAMES.incrementAndGet();
    }

    boolean isUnix() {
        return this == UNIX_PATH || this == UNIX_ABSTRACT;
    }

    /** Every kind on every transport that has it. */
    static Stream<Arguments> everywhere() {
        return Transports.all()
                .flatMap(options -> Stream.of(values())
                        .filter(kind -> !kind.isUnix() || options.transport() != Transport.NIO)
                        .map(kind -> Arguments.of(options, kind)));
    }
}
