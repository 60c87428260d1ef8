package io.penstock.net;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.LoopOptions.Transport;
import java.time.Duration;
import java.util.stream.Stream;

/** The options of every transport that this machine has, and of both schedulers on the usual one. */
final class Transports {
    private Transports() {}

    static Stream<LoopOptions> all() {
        return Stream.concat(
                proven(), IoUring.isAvailable() ? Stream.of(carried(Transport.IO_URING)) : Stream.<LoopOptions>of());
    }

    /** All but io_uring, which is there for those who ask for it. */
    static Stream<LoopOptions> proven() {
        var usual = Epoll.isAvailable() ? Transport.EPOLL : Transport.NIO;
        var both = Stream.of(carried(usual), carried(usual).withScheduler(Scheduler.DEFAULT));
        return usual == Transport.NIO ? both : Stream.concat(both, Stream.of(carried(Transport.NIO)));
    }

    private static LoopOptions carried(Transport transport) {
        return LoopOptions.DEFAULT
                .withCount(2)
                .withTransport(transport)
                .withScheduler(Scheduler.LOOP)
                .withStallThreshold(Duration.ZERO);
    }
}
