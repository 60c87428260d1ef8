package io.penstock.net.internal;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.penstock.net.AdoptOptions;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
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
        StreamConnection adopted;
        try {
            adopted = new AdoptedStream(loop, adoption, options).opened();
        } catch (RuntimeException e) {
            throw adoption.giveUp(e instanceof CompletionException && e.getCause() != null ? e.getCause() : e);
        }
        adoption.complete();
        adopted.unread(options.unread());
        adopted.joinScope();
        return adopted;
    }

    private static void requireWaitable(NettyLoop loop) {
        if (!loop.eventLoop().inEventLoop() && loop.owner().isAnyLoopItself()) {
            throw new IllegalStateException("waiting for " + loop + " would block another one; spawn a thread for it");
        }
    }

    private StreamConnection opened() {
        var opened = new CompletableFuture<StreamConnection>();
        Runnable work = () -> {
            try {
                opened.complete(open());
            } catch (Throwable e) {
                opened.completeExceptionally(e);
            }
        };
        if (loop.eventLoop().inEventLoop()) {
            work.run();
        } else {
            try {
                loop.eventLoop().execute(work);
            } catch (RejectedExecutionException e) {
                adoption.closeOwn();
                throw e;
            }
        }
        return opened.join();
    }

    /** On the loop, so that it is known at the end whether the loop watches it. */
    private StreamConnection open() {
        Channel channel;
        try {
            channel = loop.owner()
                    .sockets()
                    .adopted(adoption.descriptor(), adoption.socket().isUnix());
        } catch (RuntimeException e) {
            adoption.closeOwn();
            throw e;
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
        made.whenClosed(adoption::ended);
        connection = made;
    }
}
