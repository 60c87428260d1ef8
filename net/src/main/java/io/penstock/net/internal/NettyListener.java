package io.penstock.net.internal;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.UnixChannel;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listener on a Netty server channel. */
public final class NettyListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

    /** A loop that is held up longer than this is not waited for. */
    private static final long INITIALISED_WITHIN_MILLIS = 1000;

    /** How long a draining listener goes on for those who are about to get in, where the grace allows it: the way there and back. */
    private static final Duration HANDSHAKE = Duration.ofMillis(200);

    /** Who has less than this does not wait for them. */
    private static final Duration HASTE = Duration.ofMillis(500);

    private static final long REGISTERED_WITHIN_MILLIS = 5000;

    private final NettyLoops loops;
    private final Channel channel;
    private final SocketAddress address;
    private final OpenConnections open;

    /** What connections are accepted with. */
    private final AtomicReference<ListenerOptions> options;

    /** Null when it was not adopted. */
    private final @Nullable Adoption adoption;

    private final AtomicBoolean closed = new AtomicBoolean();
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private NettyListener(
            NettyLoops loops,
            Channel channel,
            SocketAddress address,
            OpenConnections open,
            AtomicReference<ListenerOptions> options,
            @Nullable Adoption adoption) {
        this.loops = loops;
        this.channel = channel;
        this.address = address;
        this.open = open;
        this.options = options;
        this.adoption = adoption;
        channel.closeFuture().addListener(_ -> over.complete(null));
        loops.listeners().add(this);
    }

    public static NettyListener open(Loops given, SocketAddress address, ListenerOptions options, Handler handler)
            throws ConnectionException {
        var loops = (NettyLoops) given;
        requireOpen(loops, address);
        var open = new OpenConnections();
        boolean unix = SocketTransport.isUnix(address);
        if (address instanceof UnixDomainSocketAddress file) requireAbsent(file);
        TlsServer tls = options.tls();
        if (tls != null) prepare(loops, tls);
        var current = new AtomicReference<>(options);
        ServerBootstrap bootstrap = bootstrap(loops, current, handler, open)
                .channelFactory(loops.sockets().servers(unix))
                .option(ChannelOption.SO_BACKLOG, options.backlog());
        if (!unix) bootstrap.option(ChannelOption.SO_REUSEADDR, true);
        ChannelFuture bound = bootstrap.bind(netty(loops, address)).awaitUninterruptibly();
        if (!bound.isSuccess()) throw Failures.of(bound.cause(), Phase.BIND, address);
        Channel channel = bound.channel();
        return new NettyListener(loops, channel, SocketTransport.toJdk(channel.localAddress()), open, current, null);
    }

    /** A listener on a descriptor that listens already. */
    public static NettyListener adopt(Loops given, int fd, ListenerOptions options, Handler handler)
            throws ConnectionException {
        var loops = (NettyLoops) given;
        loops.sockets().requireAdopting();
        requireOpen(loops, null);
        if (options.tls() != null) prepare(loops, options.tls());
        Adoption adoption = Adoption.begin(fd, options.standardStreams(), Adoption.Purpose.LISTENER);
        SocketFacts socket = adoption.socket();
        var open = new OpenConnections();
        ServerChannel channel;
        try {
            channel = loops.sockets().adoptedServer(adoption.descriptor(), socket.isUnix());
        } catch (RuntimeException e) {
            adoption.closeOwn();
            throw adoption.giveUp(e);
        }
        var current = new AtomicReference<>(options);
        ChannelFuture registered = bootstrap(loops, current, handler, open)
                .channelFactory(() -> channel)
                .register();
        // who has cancelled it knows that the loop will never touch it
        if (!registered.awaitUninterruptibly(REGISTERED_WITHIN_MILLIS) && !registered.cancel(false)) {
            registered.awaitUninterruptibly();
        }
        if (!registered.isSuccess()) {
            channel.unsafe().closeForcibly();
            throw adoption.giveUp(registered.isCancelled() ? null : registered.cause());
        }
        adoption.complete();
        return new NettyListener(loops, channel, socket.local(), open, current, adoption);
    }

    private static void requireOpen(NettyLoops loops, @Nullable SocketAddress address) throws ConnectionException {
        if (loops.group().isShuttingDown()) {
            throw ConnectionException.of(Reason.CLOSED, Phase.BIND, address, "the loops have been closed", null);
        }
    }

    private static ServerBootstrap bootstrap(
            NettyLoops loops, AtomicReference<ListenerOptions> current, Handler handler, OpenConnections open) {
        return new ServerBootstrap().group(loops.group()).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel accepted) {
                NettyLoop loop = loops.of(accepted.eventLoop());
                ListenerOptions options = current.get();
                StreamConnection connection = SocketLink.over(accepted, Origin.ACCEPTED, loop, options.timeouts());
                connection.stream().remember();
                open.add(connection);
                loop.spawn("connection " + connection.id(), () -> handle(connection, options, handler, open));
            }
        });
    }

    private static SocketAddress netty(NettyLoops loops, SocketAddress address) throws ConnectionException {
        try {
            return loops.sockets().toNetty(address);
        } catch (UnsupportedAddressTypeException e) {
            throw Failures.of(e, Phase.BIND, address);
        }
    }

    /** Netty would remove whatever is there, be it a file with content or the socket of a process that runs. */
    private static void requireAbsent(UnixDomainSocketAddress address) throws ConnectionException {
        if (Files.exists(address.getPath(), LinkOption.NOFOLLOW_LINKS) && !removeStale(address)) {
            throw ConnectionException.of(
                    Reason.ADDRESS,
                    Phase.BIND,
                    address,
                    "the file exists; remove it if no other process listens there",
                    null);
        }
    }

    /** Removes the socket of a process that has died without doing so; whether it was one. */
    private static boolean removeStale(UnixDomainSocketAddress address) {
        try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(address);
            return false; // somebody answers
        } catch (ConnectException e) {
            return isSocket(address) && address.getPath().toFile().delete();
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isSocket(UnixDomainSocketAddress address) {
        try {
            return Files.readAttributes(address.getPath(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther();
        } catch (IOException e) {
            return false;
        }
    }

    /** Where the options are wrong, opening fails, and not every client. */
    private static void prepare(NettyLoops loops, TlsServer tls) {
        try {
            CompletableFuture.supplyAsync(() -> TlsContexts.prepare(tls), loops.workers())
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private static void handle(
            StreamConnection connection, ListenerOptions options, Handler handler, OpenConnections open)
            throws Exception {
        try (var scope = ConnectionScope.enter("accepted connection")) {
            connection.joinScope();
            try {
                if (options.proxyHeader()) readProxyHeader(connection, options.timeouts());
                if (options.tls() != null) secure(connection, options.tls(), scope, open);
                handler.handle(connection);
                if (scope.remove(connection)) connection.end(); // or else it is another scope's, or closed
            } catch (ConnectionException e) {
                boolean mine = scope.remove(connection);
                // the peer's end is the usual end of a handler that reads until there is nothing more
                if (e.reason() == Reason.EOF) {
                    if (mine) connection.end();
                } else {
                    if (mine) connection.endAtOnce();
                    throw e;
                }
            } catch (Throwable e) {
                if (scope.remove(connection)) connection.endAtOnce();
                throw e;
            }
        }
    }

    /** When the handshake fails, the connection ends by itself, behind what the client is told. */
    private static void secure(StreamConnection connection, TlsServer tls, ConnectionScope scope, OpenConnections open)
            throws ConnectionException {
        try {
            connection.startTls(tls);
        } catch (ConnectionException e) {
            long failures = open.tlsFailed();
            if (failures > 0) {
                LOG.info(
                        "A client at {} could not be secured at {}: {}{}",
                        connection.remoteAddress(),
                        connection.localAddress(),
                        e.text(),
                        failures == 1 ? "" : " (and " + (failures - 1) + " others since the last line)");
            }
            var _ = scope.remove(connection);
            throw e;
        }
    }

    private static void readProxyHeader(StreamConnection connection, Timeouts timeouts) throws ConnectionException {
        connection.timeouts(Timeouts.of(Duration.ZERO, Duration.ZERO, Duration.ZERO));
        var deadline = timeouts.connect().isZero() ? null : connection.deadline(timeouts.connect());
        try {
            connection.stream().told(ProxyProtocol.read(connection));
        } catch (ConnectionException e) {
            LOG.debug("A client at {} is refused: {}", connection.remoteAddress(), e.getMessage());
            connection.abort();
            throw e;
        }
        if (deadline != null) deadline.close();
        connection.timeouts(timeouts);
    }

    /** Whether clients are accepted, which they are at first; those who are not wait with the operating system. Any thread. */
    public void accepting(boolean whether) {
        channel.config().setAutoRead(whether);
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void tls(TlsServer renewed) {
        if (options.get().tls() == null) {
            throw new IllegalStateException("the listener at " + address + " has no TLS, and its clients expect none");
        }
        prepare(loops, renewed);
        options.updateAndGet(now -> now.withTls(renewed));
    }

    @Override
    public int detach() throws ConnectionException {
        loops.sockets().requireAdopting();
        if (!closed.compareAndSet(false, true) || !channel.isOpen()) {
            throw ConnectionException.of(Reason.CLOSED, Phase.CLOSE, address);
        }
        loops.listeners().remove(this);
        // not by closing the channel on a duplicate: Netty would remove the file of a UNIX socket
        channel.deregister().awaitUninterruptibly();
        awaitInitialised();
        if (adoption != null) adoption.ended();
        over.complete(null);
        return ((UnixChannel) channel).fd().intValue();
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /** @param underWay how long clients get whose handshake has begun */
    private void close(Duration underWay) {
        if (!closed.compareAndSet(false, true)) {
            awaitOver(); // somebody else is at it
            return;
        }
        loops.listeners().remove(this);
        if (channel.isOpen()) {
            try {
                if (adoption == null)
                    ClosedDoor.link(); // takes a while, the first time, and is not to hold up the loop
                channel.eventLoop().execute(() -> closeBehindLast(underWay));
                channel.closeFuture().awaitUninterruptibly(NettyLoops.LOOP_END_SECONDS, TimeUnit.SECONDS);
                awaitInitialised();
            } catch (RejectedExecutionException e) {
                LOG.warn("The loop of the listener at {} had ended before it", address, e);
            }
        }
        if (adoption != null) {
            adoption.ended();
        } else if (address instanceof UnixDomainSocketAddress unix) { // an adopted one's file is its maker's
            try {
                Files.deleteIfExists(unix.getPath());
            } catch (IOException e) {
                LOG.warn("The socket file {} could not be removed", unix, e);
            }
        }
    }

    private void closeBehindLast(Duration underWay) {
        if (keepsOut() && !underWay.isZero()) {
            channel.eventLoop().schedule(this::closeNow, underWay.toNanos(), TimeUnit.NANOSECONDS);
        } else {
            closeNow();
        }
    }

    /** Whether nobody gets in any more but those who are about to. An adopted socket is its maker's too, who may go on listening. */
    private boolean keepsOut() {
        if (adoption != null || !channel.isOpen()) return false; // its number may be another's by now
        try {
            return loops.sockets().lastClients(channel, SocketTransport.isUnix(address));
        } catch (IOException | RuntimeException | LinkageError e) { // the kernel's calls may not be permitted
            LOG.debug("Clients may still come while the listener at {} closes, and are reset", address, e);
            return false;
        }
    }

    /** Clients whose connection the kernel has completed take it for accepted, and may have sent a request: a close would reset them. */
    private void closeNow() {
        if (!channel.isOpen()) return;
        try {
            loops.sockets().acceptRest(channel, SocketTransport.isUnix(address));
        } catch (IOException e) {
            LOG.warn("Clients who wait at {} were not accepted before it closed", address, e);
        }
        channel.close();
    }

    private void awaitOver() {
        try {
            over.get(NettyLoops.LOOP_END_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("The listener at {} is still being closed", address, e);
        }
    }

    /** What was accepted is counted as open by a task of its loop, which is in the queue by now. */
    private void awaitInitialised() {
        for (NettyLoop loop : loops.loops()) {
            if (!loop.eventLoop().isShuttingDown()) {
                loop.eventLoop().submit(() -> {}).awaitUninterruptibly(INITIALISED_WITHIN_MILLIS);
            }
        }
    }

    @Override
    public void join() throws InterruptedException {
        try {
            over.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // it never fails
        }
    }

    @Override
    public int connections() {
        return open.size();
    }

    @Override
    public long tlsFailures() {
        return open.tlsFailures();
    }

    private static Duration handshake(Duration grace) {
        if (grace.compareTo(HASTE) < 0) return Duration.ZERO;
        Duration share = grace.dividedBy(5);
        return share.compareTo(HANDSHAKE) < 0 ? share : HANDSHAKE;
    }

    @Override
    public boolean drain(Duration grace) {
        long end = System.nanoTime() + grace.toNanos();
        close(handshake(grace));
        return open.awaitNone(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
}
