package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** What the kernel is told of a socket, and when. */
class LazyEpollTest {
    private static final EpollIoOps IN = EpollIoOps.EPOLLIN;
    private static final EpollIoOps BOTH = IN.with(EpollIoOps.EPOLLOUT);

    private final Kernel kernel = new Kernel();
    private final Loop loop = new Loop();
    private final LazyEpoll epoll = new LazyEpoll(loop, kernel);
    private final Socket socket = new Socket();

    /** Netty's handler, as far as it talks to the kernel. */
    private static final class Kernel implements IoHandler {
        private final List<Object> told = new ArrayList<>();
        private final List<IoHandle> handles = new ArrayList<>();
        private boolean refuses;

        void tells(EpollIoOps ops) {
            EpollIoEvent event = () -> ops;
            for (IoHandle each : handles) each.handle(null, event);
        }

        @Override
        public int run(IoHandlerContext context) {
            told.add("waits");
            return 0;
        }

        @Override
        public IoRegistration register(IoHandle handle) {
            handles.add(handle);
            return new IoRegistration() {
                private boolean cancelled;

                @Override
                @SuppressWarnings("unchecked")
                public <T> T attachment() {
                    return (T) "attached";
                }

                @Override
                public long submit(IoOps ops) {
                    if (refuses) throw new UncheckedIOException(new IOException("ENOSPC"));
                    told.add(ops);
                    return 0;
                }

                @Override
                public boolean isValid() {
                    return !cancelled;
                }

                @Override
                public boolean cancel() {
                    cancelled = true;
                    handle.unregistered();
                    return true;
                }
            };
        }

        @Override
        public void wakeup() {}

        @Override
        public boolean isCompatible(Class<? extends IoHandle> type) {
            return true;
        }
    }

    private static final class Loop implements ThreadAwareExecutor {
        private volatile boolean isElsewhere;
        private final Queue<Runnable> work = new ArrayDeque<>();

        @Override
        public boolean isExecutorThread(Thread other) {
            return !isElsewhere;
        }

        @Override
        public void execute(Runnable task) {
            work.add(task);
        }
    }

    private static final class Socket implements EpollIoHandle {
        private final List<EpollIoOps> events = new ArrayList<>();
        private boolean closed;

        @Override
        public FileDescriptor fd() {
            return new FileDescriptor(0);
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            events.add(((EpollIoEvent) event).ops());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static final IoHandlerContext CONTEXT = new IoHandlerContext() {
        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long now) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    };

    private void turn() {
        epoll.run(CONTEXT);
    }

    @Test
    void itIsToldTheLastOfATurnBeforeItWaits() throws Exception {
        IoRegistration registration = epoll.register(socket);
        registration.submit(IN);
        registration.submit(BOTH);
        assertThat(kernel.told).isEmpty();
        turn();
        assertThat(kernel.told).containsExactly(BOTH, "waits");
    }

    @Test
    void itIsNotToldWhatItKnows() throws Exception {
        IoRegistration registration = epoll.register(socket);
        registration.submit(IN);
        turn();
        registration.submit(BOTH);
        registration.submit(IN);
        turn();
        assertThat(kernel.told).containsExactly(IN, "waits", "waits");
    }

    @Test
    void anEdgeIsAskedForEachTime() throws Exception {
        EpollIoOps edge = BOTH.with(EpollIoOps.EPOLLET);
        IoRegistration registration = epoll.register(socket);
        registration.submit(edge);
        turn();
        registration.submit(edge);
        turn();
        assertThat(kernel.told).containsExactly(edge, "waits", edge, "waits");
    }

    @Test
    void aSocketThatWaitsForNothingIsNotTakenOut() throws Exception {
        IoRegistration registration = epoll.register(socket);
        registration.submit(IN);
        turn();
        registration.submit(EpollIoOps.NONE);
        turn();
        assertThat(kernel.told).containsExactly(IN, "waits", EpollIoOps.EPOLLET, "waits");
    }

    /** A reset of the peer would be told for ever. */
    @Test
    void aSocketThatWaitsForNoInputIsToldByEdges() throws Exception {
        IoRegistration registration = epoll.register(socket);
        registration.submit(EpollIoOps.EPOLLOUT);
        turn();
        assertThat(kernel.told).containsExactly(EpollIoOps.EPOLLOUT.with(EpollIoOps.EPOLLET), "waits");
    }

    @Test
    void itIsToldNothingOfASocketThatIsGone() throws Exception {
        IoRegistration registration = epoll.register(socket);
        registration.submit(IN);
        registration.cancel();
        assertThat(registration.isValid()).isFalse();
        assertThat(registration.submit(BOTH)).isEqualTo(-1);
        turn();
        assertThat(kernel.told).containsExactly("waits");
    }

    @Test
    void anotherThreadsWishIsTheLoopsToTell() throws Exception {
        IoRegistration registration = epoll.register(socket);
        loop.isElsewhere = true;
        registration.submit(IN);
        loop.isElsewhere = false;
        turn();
        assertThat(kernel.told).containsExactly("waits");
        loop.work.remove().run();
        turn();
        assertThat(kernel.told).containsExactly("waits", IN, "waits");
    }

    /** Its owner would wait for ever. */
    @Test
    void aSocketThatIsRefusedIsClosed() throws Exception {
        kernel.refuses = true;
        epoll.register(socket).submit(IN);
        turn();
        assertThat(socket.closed).isTrue();
    }

    @Test
    void whatHasComeIsTakenBeforeNettyReadsIt() throws Exception {
        var other = new Socket();
        epoll.register(socket);
        epoll.register(other);
        epoll.askFirst(socket, () -> true);
        kernel.tells(IN);
        kernel.tells(IN.with(EpollIoOps.EPOLLRDHUP));
        assertThat(socket.events).isEmpty();
        assertThat(other.events).containsExactly(IN, IN.with(EpollIoOps.EPOLLRDHUP));
    }

    @Test
    void whatIsNotTakenIsNettysToRead() throws Exception {
        epoll.register(socket);
        epoll.askFirst(socket, () -> false);
        kernel.tells(BOTH);
        assertThat(socket.events).containsExactly(BOTH);
    }

    /** Where input never ceases, output would never be told that there is room. */
    @Test
    void thatThereIsRoomIsNettysAllTheSame() throws Exception {
        epoll.register(socket);
        epoll.askFirst(socket, () -> true);
        kernel.tells(BOTH);
        kernel.tells(EpollIoOps.EPOLLOUT);
        assertThat(socket.events).containsExactly(EpollIoOps.EPOLLOUT, EpollIoOps.EPOLLOUT);
    }

    @Test
    void aFailureAndAnEndThatNobodyWantsToReadAreNettys() throws Exception {
        EpollIoOps failure = IN.with(EpollIoOps.EPOLLERR);
        epoll.register(socket);
        epoll.askFirst(socket, () -> true);
        kernel.tells(failure);
        kernel.tells(EpollIoOps.EPOLLRDHUP);
        assertThat(socket.events).containsExactly(failure, EpollIoOps.EPOLLRDHUP);
    }

    @Test
    void whoIsNotToBeAskedAnyMoreIsNot() throws Exception {
        IoRegistration registration = epoll.register(socket);
        epoll.askFirst(socket, () -> true);
        epoll.askFirst(socket, null);
        kernel.tells(IN);
        epoll.askFirst(socket, () -> true);
        registration.cancel();
        kernel.tells(IN);
        assertThat(socket.events).containsExactly(IN, IN);
    }

    @Test
    void theRestIsNettys() throws Exception {
        assertThat(epoll.register(socket).<String>attachment()).isEqualTo("attached");
        assertThat(epoll.isCompatible(Socket.class)).isTrue();
    }
}
