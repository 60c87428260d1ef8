package io.penstock.net.internal;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoEvent;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import java.nio.channels.SelectableChannel;
import org.jspecify.annotations.Nullable;

/** Has a selector tell of what is wanted, once. */
final class NioWatch implements NioIoHandle, PortWatch {
    private final SelectableChannel channel;
    private final Signals signals;
    private NioIoOps wanted = NioIoOps.NONE;
    private @Nullable IoRegistration registration;

    NioWatch(SelectableChannel channel, Signals signals) {
        this.channel = channel;
        this.signals = signals;
    }

    @Override
    public SelectableChannel selectableChannel() {
        return channel;
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
        want(wanted.with(NioIoOps.READ));
    }

    @Override
    public void wantWritable() {
        want(wanted.with(NioIoOps.WRITE));
    }

    private void want(NioIoOps ops) {
        IoRegistration active = registration;
        if (active == null || !active.isValid()) return;
        wanted = ops;
        active.submit(ops);
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        NioIoOps ops = ((NioIoEvent) event).ops();
        want(wanted.without(ops));
        if (ops.contains(NioIoOps.READ)) signals.readable();
        if (ops.contains(NioIoOps.WRITE)) signals.writable();
    }

    @Override
    public void close() {
        signals.lost();
    }
}
