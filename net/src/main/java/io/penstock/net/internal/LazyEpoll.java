package io.penstock.net.internal;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Netty's epoll, told what its sockets wait for once a turn, just before it waits, and of input only where that has changed. By itself
 * (4.2.18) it makes a system call of each step: five more for a tunnel that is opened and ended, and most of them are undone by the next.
 *
 * <p>A socket that does not wait for input is told by edges, and stays in the set when it waits for nothing. Netty takes it out and forgets
 * that it has: as soon as a write has to wait for room, {@code epoll_ctl} fails with ENOENT and the write with it, and so no long reply would
 * reach a peer that has half-closed. And of a peer that has reset the connection while nobody reads it the kernel would tell again and
 * again, and keep the loop busy.
 *
 * <p>On the loop.
 */
final class LazyEpoll implements IoHandler {
    private static final Logger LOG = LoggerFactory.getLogger(LazyEpoll.class);

    private final ThreadAwareExecutor loop;
    private final IoHandler epoll;
    private final ArrayDeque<Registration> changed = new ArrayDeque<>();

    LazyEpoll(ThreadAwareExecutor loop, IoHandler epoll) {
        this.loop = loop;
        this.epoll = epoll;
    }

    static IoHandlerFactory factory() {
        IoHandlerFactory epolls = EpollIoHandler.newFactory();
        return loop -> new LazyEpoll(loop, epolls.newHandler(loop));
    }

    @Override
    public void initialize() {
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        for (Registration each = changed.poll(); each != null; each = changed.poll()) each.tell();
        return epoll.run(context);
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        epoll.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return new Registration(handle, epoll.register(handle));
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
        return epoll.isCompatible(type);
    }

    private final class Registration implements IoRegistration {
        private final IoHandle handle;
        private final IoRegistration inner;
        private EpollIoOps told = EpollIoOps.NONE;
        private EpollIoOps wanted = EpollIoOps.NONE;
        private boolean queued;

        Registration(IoHandle handle, IoRegistration inner) {
            this.handle = handle;
            this.inner = inner;
        }

        @Override
        public long submit(IoOps ops) {
            if (!isValid()) return -1;
            if (!loop.isExecutorThread(Thread.currentThread())) {
                loop.execute(() -> submit(ops));
                return 0;
            }
            var asked = (EpollIoOps) ops;
            wanted = asked.contains(EpollIoOps.EPOLLIN) ? asked : asked.with(EpollIoOps.EPOLLET);
            if (!queued) {
                queued = true;
                changed.add(this);
            }
            return 0;
        }

        /** Edges are told even where nothing has changed: that is how somebody asks for the next one. */
        private void tell() {
            queued = false;
            if (!isValid() || wanted.equals(told) && !wanted.contains(EpollIoOps.EPOLLET)) return;
            told = wanted;
            try {
                inner.submit(wanted);
            } catch (RuntimeException e) {
                LOG.warn("epoll refuses {}, which is closed: {}", handle, e.getMessage());
                close();
            }
        }

        private void close() {
            try {
                handle.close();
            } catch (Exception e) {
                LOG.debug("{} cannot be closed", handle, e);
            }
        }

        @Override
        public <T> T attachment() {
            return inner.attachment();
        }

        @Override
        public boolean isValid() {
            return inner.isValid();
        }

        @Override
        public boolean cancel() {
            return inner.cancel();
        }
    }
}
