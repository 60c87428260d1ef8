package io.penstock.net.internal;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Dials by Netty. */
public record NettyConnector(NettyLoops owner, Timeouts timeouts) implements Connector {
    public static NettyConnector of(Loops loops, Timeouts timeouts) {
        return new NettyConnector((NettyLoops) loops, timeouts);
    }

    @Override
    public Loops loops() {
        return owner;
    }

    @Override
    public Connection connect(SocketAddress address) throws ConnectionException {
        long limit = timeouts.connect().isZero()
                ? Long.MAX_VALUE
                : System.nanoTime() + timeouts.connect().toNanos();
        if (!(address instanceof InetSocketAddress named && named.isUnresolved())) return dial(address, limit);
        ConnectionException last = null;
        for (InetAddress each : resolve(named, limit)) {
            try {
                return dial(new InetSocketAddress(each, named.getPort()), limit);
            } catch (ConnectionException e) {
                if (e.reason() == Reason.INTERRUPTED) throw e;
                if (last != null) e.addSuppressed(last);
                last = e;
            }
        }
        throw last != null ? last : ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, address);
    }

    /** The JDK's resolver blocks, so it is asked on a worker. */
    private InetAddress[] resolve(InetSocketAddress address, long limit) throws ConnectionException {
        var answer = new CompletableFuture<InetAddress[]>();
        owner.workers().execute(() -> {
            try {
                answer.complete(InetAddress.getAllByName(address.getHostString()));
            } catch (UnknownHostException e) {
                answer.completeExceptionally(e);
            }
        });
        return await(answer, limit, Phase.RESOLVE, address, null);
    }

    private Connection dial(SocketAddress address, long limit) throws ConnectionException {
        NettyLoop loop = owner.here();
        if (loop.eventLoop().inEventLoop()) {
            throw new IllegalStateException("dialling " + address + " would block " + loop + "; spawn a thread for it");
        }
        long millis = limit == Long.MAX_VALUE ? 0 : TimeUnit.NANOSECONDS.toMillis(limit - System.nanoTime());
        if (millis <= 0 && limit != Long.MAX_VALUE) throw timedOut(Phase.CONNECT, address);
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
        // Netty's own timeout ends the wait, so that no other timer is needed
        return await(connected, Long.MAX_VALUE, Phase.CONNECT, address, dialling);
    }

    private <T> T await(
            CompletableFuture<T> answer,
            long limit,
            Phase phase,
            SocketAddress address,
            @Nullable ChannelFuture dialling)
            throws ConnectionException {
        try {
            if (limit == Long.MAX_VALUE) return answer.get();
            return answer.get(Math.max(0, limit - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw failed(e.getCause() == null ? e : e.getCause(), phase, address);
        } catch (TimeoutException e) {
            throw timedOut(phase, address);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (dialling != null) dialling.channel().close();
            answer.whenComplete((made, _) -> {
                if (made instanceof Connection late) late.abort();
            });
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
            channel.pipeline().addLast(new io.netty.channel.ChannelInboundHandlerAdapter() {
                @Override
                public void channelActive(io.netty.channel.ChannelHandlerContext context) {
                    context.pipeline().remove(this);
                    StreamConnection connection = SocketLink.over(channel, Origin.DIALLED, loop, connector.timeouts());
                    connection.remember();
                    if (!connected.complete(connection)) connection.abort();
                }
            });
        }
    }
}
