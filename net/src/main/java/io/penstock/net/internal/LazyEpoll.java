package io.penstock.net.internal;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
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
 * <p>And there may be somebody who takes what a socket has received before Netty reads it.
 *
 * <p>On the loop.
 */
final class LazyEpoll implements IoHandler {
    private static final Logger LOG = LoggerFactory.getLogger(LazyEpoll.class);

    private static final EpollIoEvent ROOM = () -> EpollIoOps.EPOLLOUT;

    private final ThreadAwareExecutor loop;
    private final IoHandler epoll;
    private final Map<IoHandle, BooleanSupplier> takers = new IdentityHashMap<>();
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
        var registration = new Registration((EpollIoHandle) handle);
        registration.inner = epoll.register(registration);
        return registration;
    }

    /**
     * Has somebody asked first when something has come; null for nobody any more, as it is again when the socket is closed.
     *
     * <p>Who wants input is told by level: what was answered to be all for now, and the end of the stream with it, is told again until the
     * taker says no. A failure is Netty's at once, and so is the end where nobody wants input: what is lost later takes nothing of it back.
     *
     * @param taker answers whether that is all for now; else Netty reads
     */
    void askFirst(IoHandle socket, @Nullable BooleanSupplier taker) {
        if (taker == null) {
            takers.remove(socket);
        } else {
            takers.put(socket, taker);
        }
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
        return epoll.isCompatible(type);
    }

    /** Between Netty's epoll and its socket. */
    private final class Registration implements IoRegistration, EpollIoHandle {
        private final EpollIoHandle handle;

        @SuppressWarnings("NullAway.Init") // set before anybody gets to see it
        private IoRegistration inner;

        private EpollIoOps told = EpollIoOps.NONE;
        private EpollIoOps wanted = EpollIoOps.NONE;
        private boolean queued;

        Registration(EpollIoHandle handle) {
            this.handle = handle;
        }

        // ---- what epoll tells the socket

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            BooleanSupplier taker = takers.isEmpty() ? null : takers.get(handle);
            EpollIoOps ops = ((EpollIoEvent) event).ops();
            if (taker == null
                    || !ops.contains(EpollIoOps.EPOLLIN)
                    || ops.contains(EpollIoOps.EPOLLERR)
                    || !taker.getAsBoolean()) {
                handle.handle(this, event);
            } else if (ops.contains(EpollIoOps.EPOLLOUT)) {
                handle.handle(this, ROOM);
            }
        }

        @Override
        public FileDescriptor fd() {
            return handle.fd();
        }

        @Override
        public void registered() {
            handle.registered();
        }

        @Override
        public void unregistered() {
            takers.remove(handle);
            handle.unregistered();
        }

        @Override
        public void close() throws Exception {
            handle.close();
        }

        // ---- what the socket tells epoll

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
                closeAnyway();
            }
        }

        private void closeAnyway() {
            try {
                close();
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
