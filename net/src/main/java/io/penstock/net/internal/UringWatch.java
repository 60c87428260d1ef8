package io.penstock.net.internal;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import org.jspecify.annotations.Nullable;

/** Has io_uring poll for what is wanted, once. */
final class UringWatch implements IoUringIoHandle, PortWatch {
    private static final byte POLL_ADD = 6;
    private static final byte ASYNC_CANCEL = 14;
    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;

    private final int fd;
    private final Signals signals;
    private @Nullable IoRegistration registration;

    /** The polls under way, by which they are cancelled; 0 for none. */
    private long reading;

    private long writing;

    UringWatch(int fd, Signals signals) {
        this.fd = fd;
        this.signals = signals;
    }

    @Override
    public void start(IoRegistration with) {
        registration = with;
    }

    @Override
    public boolean isAlwaysReading() {
        return false;
    }

    @Override
    public void wantReadable() {
        if (reading == 0) reading = submit(POLL_ADD, fd, 0, POLLIN);
    }

    @Override
    public void wantWritable() {
        if (writing == 0) writing = submit(POLL_ADD, fd, 0, POLLOUT);
    }

    /** What is polled for is told apart by the mask. */
    private long submit(byte operation, int on, long address, short mask) {
        IoRegistration active = registration;
        if (active == null || !active.isValid()) return 0;
        short none = 0;
        return active.submit(
                new IoUringIoOps(operation, (byte) 0, none, on, 0, address, 0, mask, mask, none, none, 0, 0));
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        var completion = (IoUringIoEvent) event;
        if (completion.opcode() != POLL_ADD) return;
        if (completion.data() == POLLIN) {
            reading = 0;
            signals.readable();
        } else {
            writing = 0;
            signals.writable();
        }
    }

    /** A poll that goes on would keep the socket open. */
    @Override
    public void stop() {
        if (reading != 0) submit(ASYNC_CANCEL, -1, reading, (short) 0);
        if (writing != 0) submit(ASYNC_CANCEL, -1, writing, (short) 0);
    }

    @Override
    public void close() {
        signals.lost();
    }
}
