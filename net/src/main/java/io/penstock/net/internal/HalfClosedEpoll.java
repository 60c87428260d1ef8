package io.penstock.net.internal;

import io.netty.channel.Channel;
import io.netty.channel.epoll.AbstractEpollStreamChannel;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Keeps a channel whose peer has ended its output in the epoll set.
 *
 * <p>Netty (4.2.18) takes a channel that waits for nothing out of the set and forgets that it has: as soon as a write has to wait for
 * room, {@code epoll_ctl} fails with ENOENT and the write with it. So no reply that is longer than the socket's buffer would reach a peer
 * that has half-closed. The flag for edge triggering stands for no event of its own, but is one that the channel can wait for; there is
 * nothing left to read, and writing goes by edges anyway.
 *
 * <p>The method that sets it is protected. Where it cannot be reached, it is as if this class were not there, with one log line.
 */
final class HalfClosedEpoll {
    private static final int EDGE_TRIGGERED = 1 << 31;

    private HalfClosedEpoll() {}

    /** To be called on the loop, when the input has ended. Does nothing for channels of other transports. */
    static void keep(Channel channel) {
        if (channel instanceof AbstractEpollStreamChannel) Flag.set(channel);
    }

    /** Looked up when the first epoll channel needs it, so that other transports need no epoll classes. */
    private static final class Flag {
        private static final @Nullable MethodHandle SET = find();

        private static @Nullable MethodHandle find() {
            try {
                return MethodHandles.privateLookupIn(AbstractEpollStreamChannel.class, MethodHandles.lookup())
                        .findVirtual(
                                AbstractEpollStreamChannel.class,
                                "setFlag",
                                MethodType.methodType(void.class, int.class))
                        .asType(MethodType.methodType(void.class, Channel.class, int.class));
            } catch (ReflectiveOperationException e) {
                LoggerFactory.getLogger(HalfClosedEpoll.class)
                        .warn("Long replies to half-closed peers may fail: {}", e.toString());
                return null;
            }
        }

        static void set(Channel channel) {
            MethodHandle set = SET;
            if (set == null) return;
            try {
                set.invokeExact(channel, EDGE_TRIGGERED);
            } catch (Throwable e) {
                LoggerFactory.getLogger(HalfClosedEpoll.class).debug("{} is not kept in epoll", channel, e);
            }
        }
    }
}
