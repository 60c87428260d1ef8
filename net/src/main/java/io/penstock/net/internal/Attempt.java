package io.penstock.net.internal;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One socket on its way to one address. */
final class Attempt {
    private final SocketAddress address;
    private @Nullable NettyLoop loop;

    /** The loop's. */
    private @Nullable Channel channel;

    Attempt(SocketAddress address) {
        this.address = address;
    }

    SocketAddress address() {
        return address;
    }

    /**
     * Starts it; one of the two is told how it ended, on the loop, unless it is cancelled before.
     *
     * <p>All of it happens on the loop: what Netty keeps for each thread that makes a channel, it would keep for each virtual thread.
     */
    void start(
            NettyConnector connector,
            NettyLoop loop,
            @Nullable InetSocketAddress local,
            Consumer<StreamConnection> connected,
            Consumer<Throwable> failed) {
        this.loop = loop;
        loop.execute(() -> {
            try {
                dial(connector, loop, local, connected, failed);
            } catch (RuntimeException e) {
                failed.accept(e); // such as an address that this transport does not have
            }
        });
    }

    private void dial(
            NettyConnector connector,
            NettyLoop loop,
            @Nullable InetSocketAddress local,
            Consumer<StreamConnection> connected,
            Consumer<Throwable> failed) {
        SocketTransport sockets = connector.owner().sockets();
        ChannelFuture dialling = new Bootstrap()
                .group(loop.eventLoop())
                .channelFactory(sockets.clients(address))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0) // the race has one limit for all
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        try {
                            connector
                                    .options()
                                    .socketOptions()
                                    .forEach((name, value) -> sockets.set(channel, name, value));
                            channel.pipeline().addLast(new Pending(connector, loop, connected, failed));
                        } catch (ChannelException e) {
                            failed.accept(e); // a value that the system does not take
                            channel.close();
                        }
                    }
                })
                .connect(sockets.toNetty(address), local == null ? null : localFor(local));
        channel = dialling.channel();
        dialling.addListener((ChannelFuture done) -> {
            if (done.cause() != null) failed.accept(done.cause());
        });
    }

    /** Any thread, behind {@link #start}. */
    void cancel() {
        if (loop == null) return;
        loop.execute(() -> {
            if (channel != null) channel.close();
        });
    }

    /** "Any address" is meant of the family that is dialled. */
    private InetSocketAddress localFor(InetSocketAddress local) {
        boolean four = ((InetSocketAddress) address).getAddress() instanceof Inet4Address;
        if (!local.getAddress().isAnyLocalAddress()) return local;
        return new InetSocketAddress(InetAddress.ofLiteral(four ? "0.0.0.0" : "::"), local.getPort());
    }

    ConnectionException failure(Throwable cause, @Nullable InetSocketAddress local) {
        ConnectionException failure = Failures.of(cause, Phase.CONNECT, address);
        if (failure.reason() != Reason.ADDRESS || cause instanceof UnsupportedAddressTypeException) return failure;
        String said = String.valueOf(cause.getMessage());
        String text = said.toLowerCase(Locale.ROOT);
        String why = text.contains("in use")
                ? "it is taken; leave the port to the system (0), or set SO_REUSEADDR"
                : text.contains("permi")
                        ? "it is not permitted; ports below 1024 need a privilege"
                        : local == null
                                ? "the system has no local address or port left for it"
                                : "it is none of this machine's, or cannot reach the peer";
        String which = local == null ? "a local address" : "the local address " + local;
        return ConnectionException.of(
                Reason.ADDRESS, Phase.BIND, address, which + " cannot be used: " + why + " (" + said + ")", cause);
    }

    /** Becomes the connection when the channel is connected. On the loop. */
    private static final class Pending extends ChannelInboundHandlerAdapter {
        private final NettyConnector connector;
        private final NettyLoop loop;
        private final Consumer<StreamConnection> connected;
        private final Consumer<Throwable> failed;

        Pending(
                NettyConnector connector,
                NettyLoop loop,
                Consumer<StreamConnection> connected,
                Consumer<Throwable> failed) {
            this.connector = connector;
            this.loop = loop;
            this.connected = connected;
            this.failed = failed;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            StreamConnection connection =
                    SocketLink.over(context.channel(), Origin.DIALLED, loop, connector.timeouts());
            connection.stream().remember();
            context.pipeline().remove(this);
            connected.accept(connection);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failed.accept(cause);
            context.close();
        }
    }
}
