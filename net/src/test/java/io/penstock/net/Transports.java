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
        var options =
                LoopOptions.DEFAULT.withCount(2).withScheduler(Scheduler.LOOP).withStallThreshold(Duration.ZERO);
        var usual = Epoll.isAvailable() ? Transport.EPOLL : Transport.NIO;
        return Stream.of(
                        Stream.of(options.withTransport(usual)),
                        Stream.of(options.withTransport(usual).withScheduler(Scheduler.DEFAULT)),
                        usual == Transport.NIO
                                ? Stream.<LoopOptions>of()
                                : Stream.of(options.withTransport(Transport.NIO)),
                        IoUring.isAvailable()
                                ? Stream.of(options.withTransport(Transport.IO_URING))
                                : Stream.<LoopOptions>of())
                .flatMap(each -> each);
    }
}
