package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.IoHandle;
import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.DomainSocketChannel;
import io.netty.channel.unix.UnixChannel;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A socket: the only handler in the pipeline of a Netty channel. Handler methods and {@link #drain} run on the loop. */
final class SocketLink extends ChannelInboundHandlerAdapter implements Link {
    private final Channel channel;
    private final Duplex stream;
    private final Runnable drain = this::drain;
    private final Runnable resume = this::resume;
    private final Unconfirmed unconfirmed;

    @SuppressWarnings("NullAway.Init") // fed before the first byte
    private Halves halves;

    /** A write has met a reset, and the operating system reports it once only: to reading it would look like the end of the stream. */
    private boolean reset;

    /** The peer has the end of our stream: when it ends its own, there is nothing left. */
    private boolean finished;

    private @Nullable SocketAddress local;
    private @Nullable SocketAddress remote;

    private SocketLink(Channel channel, Duplex stream) {
        this.channel = channel;
        this.stream = stream;
        this.unconfirmed = new Unconfirmed(channel);
    }

    /** Makes the connection of a channel and takes the channel's pipeline. */
    static StreamConnection over(
            Channel channel, StreamConnection.Origin origin, NettyLoop loop, io.penstock.net.Timeouts timeouts) {
        var made = new Duplex(origin, loop, stream -> {
            var link = new SocketLink(channel, stream);
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            channel.config().setAutoClose(false); // a failed write must not take away what is still to be read
            channel.pipeline().addLast(link);
            return link;
        });
        return made.lend(timeouts);
    }

    @Override
    public void feed(Halves above) {
        halves = above;
    }

    @Override
    public void betweenDeliveries(Runnable work) {
        stream.loop().execute(work);
    }

    // ---- from the socket

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        halves.offer((ByteBuf) message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event != ChannelInputShutdownEvent.INSTANCE) return;
        halves.endInput(reset ? Reason.RESET : Reason.EOF, null);
        if (finished) channel.close(); // of no use to anybody, and epoll would report it again and again
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        failed(cause);
    }

    /** Reading has failed. */
    void failed(Throwable cause) {
        Reason reason = Failures.reasonOf(cause);
        // the kernel has given up; TIMEOUT would tell the reader that it may go on waiting
        halves.lost(reason == Reason.TIMEOUT ? Reason.RESET : reason, cause);
        channel.close();
    }

    /** Netty closes it behind the peer's end where ours was before, and with its loop; any other end of the stream has been told. */
    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (finished && !reset && !channel.eventLoop().isShuttingDown()) halves.endInput(Reason.EOF, null);
        halves.lost(Reason.RESET, null);
    }

    // ---- to the socket

    @Override
    public void drainSoon() {
        stream.loop().defer(drain);
    }

    @Override
    public void drainNow() {
        drain();
    }

    /**
     * Hands what the output half has to the socket. Past the pipeline, which has no outbound handler, and without a promise where all of
     * it leaves at once, as it nearly always does: this is the hottest path of the house.
     */
    private void drain() {
        Halves output = halves;
        Channel.Unsafe socket = channel.unsafe();
        long size = output.takeInto(
                message -> socket.write(message, message instanceof DefaultFileRegion ? guarded() : unconfirmed),
                stream.loop().scratch());
        if (size == 0) {
            finishIfDue(output);
            return;
        }
        socket.flush();
        stream.loop().renewScratch();
        ChannelOutboundBuffer left = socket.outboundBuffer();
        if (left == null) {
            failed(output, unconfirmed.failure()); // the write failed, and took the way out with it
        } else if (left.isEmpty()) {
            output.taken(size);
            finishIfDue(output);
        } else {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFuture done) -> taken(output, size, done));
        }
    }

    private void taken(Halves output, long size, ChannelFuture done) {
        Throwable failure = done.cause();
        if (failure != null) {
            failed(output, failure);
            return;
        }
        output.taken(size);
        finishIfDue(output);
    }

    private void failed(Halves output, Throwable failure) {
        Reason reason = Failures.reasonOf(failure);
        reset |= Failures.isReset(failure);
        output.endOutput(reason, failure);
        if (reason == Reason.FILE) stream.abort(); // the peer could not tell that something is missing
    }

    /**
     * For a file. If it turns out to be too short, Netty would end the stream, and the peer take what it has got for the whole; so as long
     * as it is under way, a failure closes the channel, and that is a reset. On the loop.
     */
    private ChannelPromise guarded() {
        ChannelConfig config = channel.config();
        Integer before = config.getOption(ChannelOption.SO_LINGER); // null for UNIX sockets
        config.setAutoClose(true);
        if (before != null) config.setOption(ChannelOption.SO_LINGER, 0);
        return channel.newPromise().addListener(done -> {
            if (done.cause() != null) {
                unconfirmed.tryFailure(done.cause());
            } else {
                config.setAutoClose(false);
                if (before != null) config.setOption(ChannelOption.SO_LINGER, before);
            }
        });
    }

    private void finishIfDue(Halves output) {
        if (finished || !output.mayFinish()) return;
        finished = true;
        if (isInputShutdown()) {
            channel.close();
        } else {
            sockets().shutdownOutput((DuplexChannel) channel);
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        }
    }

    private boolean isInputShutdown() {
        return ((DuplexChannel) channel).isInputShutdown();
    }

    @Override
    public long backlog() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes() - buffer.currentProgress();
    }

    @Override
    public boolean isUnderWay() {
        if (!channel.isOpen() || isUnix()) return false; // of a UNIX socket the peer's own has it at once
        if (!(channel instanceof UnixChannel)) return true;
        try {
            return Kernel.underWay(descriptor()) > 0;
        } catch (Errno | LinkageError e) {
            return true;
        }
    }

    @Override
    public void pauseReading() {
        channel.config().setAutoRead(false);
    }

    @Override
    public void resumeReading() {
        stream.loop().defer(resume);
    }

    /** Not after the end: a read that Netty is asked for then fails, and takes the writing half with it. On the loop. */
    private void resume() {
        if (!isInputShutdown() && stream.input().isWanted()) {
            channel.config().setAutoRead(true);
        }
    }

    @Override
    public int waiting() {
        if (!splices() || !channel.isActive() || isInputShutdown()) return 0;
        try {
            return Kernel.waiting(descriptor());
        } catch (Errno e) {
            return 0;
        }
    }

    @Override
    public void receiveRest() {
        if (channel.isActive()) sockets().receiveRest(channel);
    }

    @Override
    public boolean sendsFiles() {
        return true;
    }

    @Override
    public boolean resets() {
        return true;
    }

    @Override
    public void close() {
        channel.close();
    }

    @Override
    public void abort() {
        if (stream.isOnLoop()) {
            cutOff();
        } else {
            stream.loop().execute(this::cutOff);
        }
    }

    /** On the loop, and not when it is closed: its number may be another socket's by now, which would be the one to be reset at its end. */
    private void cutOff() {
        if (!channel.isOpen()) return;
        try {
            channel.config().setOption(ChannelOption.SO_LINGER, 0); // UNIX sockets have none
        } catch (RuntimeException e) {
            // the peer has been faster, and there is nobody left to be told
        }
        channel.close();
    }

    /** Its number; negative when it is closed. On the loop of a transport that has numbers. */
    int descriptor() {
        return channel.isOpen() ? ((UnixChannel) channel).fd().intValue() : -1;
    }

    /** Whether bytes can be moved from it to another such socket by the kernel. */
    boolean splices() {
        return channel instanceof AbstractEpollStreamChannel;
    }

    /**
     * Has somebody asked first when something has come, who answers whether that is all for now; null for nobody any more. On the loop of
     * a socket that {@linkplain #splices splices}.
     */
    void askFirst(@Nullable BooleanSupplier taker) {
        LazyEpoll epoll = stream.loop().epoll();
        if (epoll != null) epoll.askFirst((IoHandle) channel.unsafe(), taker);
    }

    boolean isUnix() {
        return channel instanceof DomainSocketChannel;
    }

    @Override
    public void whenGone(Runnable work) {
        channel.closeFuture().addListener(_ -> work.run());
    }

    // ---- what it is

    @Override
    public SocketAddress localAddress() {
        if (local == null) local = addressOr(channel.localAddress(), channel.remoteAddress());
        return local;
    }

    /** Clients of UNIX sockets are unnamed: their address is that of the listener. */
    @Override
    public SocketAddress remoteAddress() {
        if (remote == null) remote = addressOr(channel.remoteAddress(), channel.localAddress());
        return remote;
    }

    /** Takes the addresses from somebody who knows more than Netty. */
    void named(SocketAddress here, @Nullable SocketAddress peer) {
        boolean unnamed = here instanceof Unnamed;
        local = unnamed && peer != null ? peer : here;
        remote = peer != null ? peer : here;
    }

    /** Reads the addresses while there is a socket to ask. */
    void remember() {
        localAddress();
        remoteAddress();
    }

    private static SocketAddress addressOr(@Nullable SocketAddress address, @Nullable SocketAddress other) {
        SocketAddress named = address == null || isUnnamed(address) ? other : address;
        return named == null ? Unnamed.SOCKET : SocketTransport.toJdk(named);
    }

    private static boolean isUnnamed(SocketAddress address) {
        return !(address instanceof InetSocketAddress) && address.toString().isEmpty();
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        requireSocket();
        try {
            if (!sockets().set(channel, name, value)) throw unsupported(name);
        } catch (ChannelException e) {
            throw Failures.of(e, Phase.CONNECT, remoteAddress());
        }
    }

    @Override
    public <T> T option(SocketOption<T> name) throws ConnectionException {
        requireSocket();
        try {
            T value = sockets().get(channel, name);
            if (value == null) throw unsupported(name);
            return value;
        } catch (ChannelException e) {
            throw Failures.of(e, Phase.CONNECT, remoteAddress());
        }
    }

    /** Its number may be another socket's by now. */
    private void requireSocket() throws ConnectionException {
        if (!channel.isOpen()) throw ConnectionException.of(Reason.CLOSED, Phase.CONNECT, remoteAddress());
    }

    private SocketTransport sockets() {
        return stream.loop().owner().sockets();
    }

    private UnsupportedOperationException unsupported(SocketOption<?> name) {
        return new UnsupportedOperationException(name.name() + " is not an option of " + stream);
    }

    /** One promise for all writes: their success is nothing to it, and of their failures it keeps the last. On the loop. */
    private static final class Unconfirmed extends DefaultChannelPromise {
        private @Nullable Throwable failure;

        Unconfirmed(Channel channel) {
            super(channel);
        }

        Throwable failure() {
            return failure == null ? new ClosedChannelException() : failure;
        }

        @Override
        public boolean trySuccess(@Nullable Void nothing) {
            return true;
        }

        @Override
        public boolean tryFailure(Throwable cause) {
            failure = cause;
            return true;
        }
    }
}
