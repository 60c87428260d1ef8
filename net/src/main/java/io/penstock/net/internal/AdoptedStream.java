package io.penstock.net.internal;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.penstock.net.AdoptOptions;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import org.jspecify.annotations.Nullable;

/** A channel on its way from a descriptor to a connection. */
public final class AdoptedStream extends ChannelInitializer<Channel> {
    private final NettyLoop loop;
    private final Adoption adoption;
    private final AdoptOptions options;
    private @Nullable StreamConnection connection;

    private AdoptedStream(NettyLoop loop, Adoption adoption, AdoptOptions options) {
        this.loop = loop;
        this.adoption = adoption;
        this.options = options;
    }

    public static StreamConnection adopt(int fd, AdoptOptions options) throws ConnectionException {
        NettyLoop loop = options.loop() instanceof NettyLoop chosen ? chosen : NettyLoops.anyLoop();
        loop.owner().sockets().requireAdopting();
        requireWaitable(loop);
        Adoption adoption = Adoption.begin(fd, options.standardStreams(), Adoption.Purpose.CONNECTION);
        var adopting = new AdoptedStream(loop, adoption, options);
        StreamConnection adopted;
        try {
            adopted = loop.call(adopting::open);
            adopted.unread(options.unread());
        } catch (Exception e) {
            throw adoption.giveUp(e);
        }
        adoption.complete();
        adopted.joinScope();
        return adopted;
    }

    private static void requireWaitable(NettyLoop loop) {
        if (!loop.eventLoop().inEventLoop() && loop.owner().isAnyLoopItself()) {
            throw new IllegalStateException("waiting for " + loop + " would block another one; spawn a thread for it");
        }
    }

    /** On the loop, so that it is known at the end whether the loop watches it. */
    private StreamConnection open() throws Errno {
        Channel channel;
        try {
            if (loop.eventLoop().isShutdown()) throw new IllegalStateException("the loops have been closed");
            channel = loop.owner()
                    .sockets()
                    .adopted(adoption.descriptor(), adoption.socket().isUnix());
        } catch (RuntimeException e) {
            adoption.closeOwn();
            throw e;
        }
        if (!channel.isActive()) { // Netty has asked for an error, and there was one
            channel.unsafe().closeForcibly();
            throw new Errno("socket", Errno.ECONNRESET);
        }
        channel.pipeline().addLast(this);
        ChannelFuture registered = loop.eventLoop().register(channel);
        StreamConnection made = connection;
        if (registered.isSuccess() && made != null) return made;
        channel.unsafe().closeForcibly();
        throw new IllegalStateException("it was not registered", registered.cause());
    }

    @Override
    protected void initChannel(Channel channel) {
        StreamConnection made = SocketLink.over(channel, Origin.ADOPTED, loop, options.timeouts());
        SocketFacts socket = adoption.socket();
        if (socket.isUnix() && made.stream().link() instanceof SocketLink link)
            link.named(socket.local(), socket.peer());
        made.stream().remember();
        made.stream().whenGone(adoption::ended);
        connection = made;
    }
}
