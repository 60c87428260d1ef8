package io.penstock.net.internal;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Has epoll tell of each arrival, by edges, so that waiting for input costs no system call. Room for output it tells of only when asked,
 * because each datagram that leaves makes some.
 */
final class EpollWatch implements EpollIoHandle, PortWatch {
    private static final EpollIoOps READING = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);
    private static final EpollIoOps BOTH = READING.with(EpollIoOps.EPOLLOUT);

    private final FileDescriptor descriptor;
    private final Signals signals;
    private @Nullable IoRegistration registration;

    EpollWatch(int fd, Signals signals) {
        this.descriptor = new FileDescriptor(fd);
        this.signals = signals;
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void start(IoRegistration with) {
        registration = with;
        with.submit(READING);
    }

    @Override
    public boolean isAlwaysReading() {
        return true;
    }

    @Override
    public void wantReadable() {}

    @Override
    public void wantWritable() {
        watch(BOTH);
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        EpollIoOps ops = ((EpollIoEvent) event).ops();
        boolean failed = ops.contains(EpollIoOps.EPOLLERR);
        if (failed || ops.contains(EpollIoOps.EPOLLIN)) signals.readable();
        if (failed || ops.contains(EpollIoOps.EPOLLOUT)) {
            watch(READING);
            signals.writable();
        }
    }

    private void watch(EpollIoOps events) {
        IoRegistration active = registration;
        if (active != null && active.isValid()) active.submit(events);
    }

    @Override
    public void close() {
        signals.lost();
    }
}
