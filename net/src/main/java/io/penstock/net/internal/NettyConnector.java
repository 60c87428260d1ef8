package io.penstock.net.internal;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Dials by Netty. */
public record NettyConnector(NettyLoops owner, Timeouts timeouts) implements Connector {
    private static final long NO_LIMIT = Long.MAX_VALUE;
    private static final long SLACK_NANOS = TimeUnit.SECONDS.toNanos(1);

    public static NettyConnector of(Loops loops, Timeouts timeouts) {
        return new NettyConnector((NettyLoops) loops, timeouts);
    }

    @Override
    public Loops loops() {
        return owner;
    }

    @Override
    public Connection connect(Endpoint endpoint) throws ConnectionException {
        SocketAddress address = endpoint.address();
        if (owner.isAnyLoopItself()) {
            throw new IllegalStateException(
                    "dialling " + address + " would block an event loop; spawn a thread for it");
        }
        long limit = timeouts.connect().isZero()
                ? NO_LIMIT
                : System.nanoTime() + timeouts.connect().toNanos();
        if (!(address instanceof InetSocketAddress named && named.isUnresolved())) return dial(address, limit);
        ConnectionException last = null;
        InetAddress[] addresses = resolve(named, limit);
        for (int i = 0; i < addresses.length; i++) {
            try {
                return dial(new InetSocketAddress(addresses[i], named.getPort()), share(limit, addresses.length - i));
            } catch (ConnectionException e) {
                if (e.reason() == Reason.INTERRUPTED) throw e;
                if (last != null) e.addSuppressed(last);
                last = e;
            }
        }
        throw last != null ? last : ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, address);
    }

    /** An address that answers nothing must not use up the time of those behind it. */
    private static long share(long limit, int addresses) {
        if (limit == NO_LIMIT) return NO_LIMIT;
        long now = System.nanoTime();
        return now + (limit - now) / addresses;
    }

    /** The JDK's resolver blocks, so it is asked on a worker. */
    private InetAddress[] resolve(InetSocketAddress address, long limit) throws ConnectionException {
        Future<InetAddress[]> answer;
        try {
            answer = owner.workers().submit(() -> InetAddress.getAllByName(address.getHostString()));
        } catch (RejectedExecutionException e) {
            throw ConnectionException.of(
                    Reason.FAILED, Phase.RESOLVE, address, "no worker can be had to resolve the name", e);
        }
        return await(answer, limit, Phase.RESOLVE, address);
    }

    private Connection dial(SocketAddress address, long limit) throws ConnectionException {
        NettyLoop loop = owner.here();
        if (loop.eventLoop().isShuttingDown()) {
            throw ConnectionException.of(Reason.CLOSED, Phase.CONNECT, address, "the loops have been closed", null);
        }
        long millis = limit == NO_LIMIT ? 0 : TimeUnit.NANOSECONDS.toMillis(limit - System.nanoTime());
        if (millis <= 0 && limit != NO_LIMIT) throw timedOut(Phase.CONNECT, address);
        var connected = new CompletableFuture<StreamConnection>();
        ChannelFuture dialling = new Bootstrap()
                .group(loop.eventLoop())
                .channelFactory(owner.sockets().clients(address instanceof UnixDomainSocketAddress))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(millis, Integer.MAX_VALUE))
                .handler(new Pending(this, loop, connected))
                .connect(owner.sockets().toNetty(address));
        dialling.addListener((ChannelFuture done) -> {
            if (done.cause() != null) connected.completeExceptionally(done.cause());
        });
        try {
            // Netty's own timeout ends the wait; ours is for a loop that ends meanwhile and tells nobody
            return await(connected, limit == NO_LIMIT ? NO_LIMIT : limit + SLACK_NANOS, Phase.CONNECT, address);
        } catch (ConnectionException e) {
            // whatever is still under way comes to nothing
            dialling.channel().close();
            connected.whenComplete((made, _) -> {
                if (made != null) made.abort();
            });
            throw e;
        }
    }

    private <T> T await(Future<T> answer, long limit, Phase phase, SocketAddress address) throws ConnectionException {
        try {
            if (limit == NO_LIMIT) return answer.get();
            return answer.get(Math.max(0, limit - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw failed(e.getCause() == null ? e : e.getCause(), phase, address);
        } catch (CancellationException e) {
            throw ConnectionException.of(Reason.CLOSED, phase, address, "the loops have been closed", e);
        } catch (TimeoutException e) {
            throw timedOut(phase, address);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, phase, address);
        }
    }

    private ConnectionException failed(Throwable cause, Phase phase, SocketAddress address) {
        ConnectionException failure = Failures.of(cause, phase, address);
        return failure.reason() == Reason.TIMEOUT ? timedOut(phase, address) : failure;
    }

    private ConnectionException timedOut(Phase phase, SocketAddress address) {
        Duration limit = timeouts.connect();
        return ConnectionException.of(
                Reason.TIMEOUT, phase, address, "no answer within " + limit.toMillis() + " ms", null);
    }

    /** Becomes the connection when the channel is connected. */
    private static final class Pending extends ChannelInitializer<Channel> {
        private final NettyConnector connector;
        private final NettyLoop loop;
        private final CompletableFuture<StreamConnection> connected;

        Pending(NettyConnector connector, NettyLoop loop, CompletableFuture<StreamConnection> connected) {
            this.connector = connector;
            this.loop = loop;
            this.connected = connected;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelActive(ChannelHandlerContext context) {
                    StreamConnection connection = SocketLink.over(channel, Origin.DIALLED, loop, connector.timeouts());
                    connection.remember();
                    context.pipeline().remove(this);
                    if (!connected.complete(connection)) connection.abort();
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                    connected.completeExceptionally(cause);
                    context.close();
                }
            });
        }
    }
}
