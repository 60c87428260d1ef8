package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Datagram;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Deadline;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket whose callers do the system calls themselves, on their own threads, and park here as long as there is nothing to do. The
 * loop does no more than wake them, so nothing is queued or copied on the way.
 */
public final class SocketDatagrams extends Owned implements Datagrams, OpenSocket {
    /** How soon an operation is tried again where the kernel does not say when. */
    private static final long AGAIN_NANOS = 1_000_000;

    private final long id = Duplex.nextId();
    private final Instant opened = Instant.now();
    private final NettyLoop loop;
    private final DatagramPort port;
    private final int largest;
    private final Limits limits;
    private final Turn reading;
    private final Turn writing;
    private final PortLife life;
    private volatile Runnable watcher = () -> {};
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong truncated = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();

    private SocketDatagrams(NettyLoop loop, DatagramPort port, DatagramOptions options) {
        this.loop = loop;
        this.port = port;
        this.largest = options.largest();
        this.limits = new Limits(options.timeouts());
        this.reading = new Turn(loop);
        this.writing = new Turn(loop);
        this.life = new PortLife(loop, port, new Waking());
    }

    public static SocketDatagrams open(Loops given, @Nullable SocketAddress peer, DatagramOptions options)
            throws ConnectionException {
        var loops = (NettyLoops) given;
        NettyLoop loop = loops.here();
        requireForeign(loops);
        SocketAddress to = peer == null ? null : resolved(loops, peer);
        DatagramPort port = port(loops.sockets(), to, options);
        var socket = new SocketDatagrams(loop, port, options);
        socket.begin();
        return socket;
    }

    public static SocketDatagrams adopt(Loops given, int fd, DatagramOptions options) throws ConnectionException {
        if (options.local() != null || !options.socketOptions().isEmpty()) {
            throw new IllegalArgumentException(
                    "an adopted socket has its address and options already: set others when it is adopted");
        }
        var loops = (NettyLoops) given;
        loops.sockets().requireAdoptingDatagrams();
        NettyLoop loop = loops.here();
        requireForeign(loops);
        Adoption adoption = Adoption.begin(fd, options.standardStreams(), Adoption.Purpose.DATAGRAMS);
        DatagramPort port = loops.sockets().adoptedDatagrams(adoption);
        var socket = new SocketDatagrams(loop, port, options);
        try {
            socket.begin();
        } catch (ConnectionException e) {
            throw adoption.giveUp(e);
        }
        adoption.complete();
        return socket;
    }

    private static void requireForeign(NettyLoops loops) {
        if (loops.isAnyLoopItself()) {
            throw new IllegalStateException(
                    "opening a datagram socket would block an event loop; spawn a thread for it");
        }
    }

    /** Has the loop watch it, and the scope answer for it. */
    private void begin() throws ConnectionException {
        loop.opened(this);
        try {
            life.begin();
        } catch (ConnectionException e) {
            close();
            throw e;
        }
        joinScope();
    }

    private static SocketAddress resolved(NettyLoops loops, SocketAddress peer) throws ConnectionException {
        if (!(peer instanceof InetSocketAddress named && named.isUnresolved())) return peer;
        InetAddress address = loops.resolver().resolve(named.getHostString()).getFirst();
        return new InetSocketAddress(address, named.getPort());
    }

    /** A port, set up, bound and connected. */
    private static DatagramPort port(SocketTransport transport, @Nullable SocketAddress peer, DatagramOptions options)
            throws ConnectionException {
        SocketAddress local = options.local();
        Phase phase = Phase.BIND;
        DatagramPort port = null;
        try {
            port = transport.datagrams(local, peer);
            for (var option : options.socketOptions().entrySet()) set(port, option.getKey(), option.getValue());
            port.bind(local);
            phase = Phase.CONNECT;
            if (peer != null) port.connect(peer);
            return port;
        } catch (IOException | RuntimeException e) {
            if (port != null) abandon(port);
            if (e instanceof IOException failure) {
                throw failed(failure, phase, phase == Phase.BIND ? local : peer);
            }
            throw (RuntimeException) e;
        }
    }

    @SuppressWarnings("unchecked") // the options were set together with values of their type
    private static <T> void set(DatagramPort port, SocketOption<T> name, Object value) throws IOException {
        port.option(name, (T) value);
    }

    private static void abandon(DatagramPort port) {
        port.removeFile();
        try {
            port.close();
        } catch (IOException e) {
            // what is told is why it is abandoned
        }
    }

    // ---- receiving

    @Override
    public Datagram receive() throws ConnectionException {
        return receive(1, largest).getFirst();
    }

    @Override
    public Datagram receive(int max) throws ConnectionException {
        if (max < 0 || max > largest) {
            throw new IllegalArgumentException("0 to " + largest + " bytes can be received, not " + max);
        }
        return receive(1, max).getFirst();
    }

    @Override
    public List<Datagram> receiveMany(int count) throws ConnectionException {
        if (count < 1) throw new IllegalArgumentException("at least one datagram is to be received, not " + count);
        return receive(count, largest);
    }

    private List<Datagram> receive(int count, int max) throws ConnectionException {
        if (!reading.take()) throw failure(Reason.BUSY_READING, Phase.READ);
        try {
            long limit = 0;
            while (true) {
                reading.begin();
                List<Datagram> got = tryReceive(count, max);
                if (!got.isEmpty()) {
                    reading.succeeded();
                    return got;
                }
                if (limit == 0) limit = limits.read();
                life.wantReadable();
                await(reading, limit, Phase.READ);
            }
        } finally {
            reading.leave();
        }
    }

    /** Receives what is there, for whoever does not wait: when it is nothing, {@link #watch the watcher} is told of more. */
    public List<Datagram> poll(int count) throws ConnectionException {
        if (!reading.take()) throw failure(Reason.BUSY_READING, Phase.READ);
        try {
            List<Datagram> got = tryReceive(count, largest);
            if (got.isEmpty()) life.wantReadable();
            got.forEach(_ -> reading.succeeded()); // each is work for whoever asks
            return got;
        } finally {
            reading.leave();
        }
    }

    /** Has the watcher told whenever it is worth to {@link #poll}, and at the end, on the thread that notices. */
    public void watch(Runnable told) {
        watcher = told;
    }

    private List<Datagram> tryReceive(int count, int max) throws ConnectionException {
        enter(Phase.READ);
        try {
            List<Datagram> got = port.receive(count, max);
            received.addAndGet(got.size());
            for (Datagram each : got) if (each.truncated()) truncated.incrementAndGet();
            return got;
        } catch (IOException e) {
            throw failed(e, Phase.READ, port.peer());
        } finally {
            life.leave();
        }
    }

    // ---- sending

    @Override
    public int send(byte[] data) throws ConnectionException {
        return send(Datagram.of(data, null));
    }

    @Override
    public int send(byte[] data, SocketAddress to) throws ConnectionException {
        return send(Datagram.of(data, to));
    }

    @Override
    public int send(ByteBuffer data) throws ConnectionException {
        return consume(data, null);
    }

    @Override
    public int send(ByteBuffer data, SocketAddress to) throws ConnectionException {
        return consume(data, to);
    }

    private int consume(ByteBuffer data, @Nullable SocketAddress to) throws ConnectionException {
        byte[] bytes = new byte[data.remaining()];
        data.get(data.position(), bytes);
        int size = send(Datagram.of(bytes, to));
        data.position(data.limit());
        return size;
    }

    private int send(Datagram datagram) throws ConnectionException {
        sendMany(List.of(datagram));
        return datagram.data().length;
    }

    @Override
    public int sendMany(List<Datagram> datagrams) throws ConnectionException {
        datagrams.forEach(this::requireSendable);
        if (!writing.take()) throw failure(Reason.BUSY_WRITING, Phase.WRITE);
        int done = 0;
        try {
            long limit = 0;
            while (done < datagrams.size()) {
                writing.begin();
                int more = trySend(datagrams, done);
                done += more;
                if (more > 0) {
                    writing.succeeded();
                    continue;
                }
                if (limit == 0) limit = limits.write();
                awaitRoom(limit);
            }
            return done;
        } catch (ConnectionException e) {
            if (done == 0) throw e;
            return done; // the next call tells what has happened
        } finally {
            writing.leave();
        }
    }

    /** Fails when it can never be sent from here, whoever receives it. */
    public void requireSendable(Datagram datagram) {
        if (datagram.peer() == null && port.peer() == null) {
            throw new IllegalArgumentException("the socket is not connected: say to whom the datagram goes");
        }
        port.requireSendable(datagram);
    }

    private int trySend(List<Datagram> datagrams, int from) throws ConnectionException {
        Datagram next = datagrams.get(from);
        SocketAddress to = next.peer() == null ? port.peer() : next.peer();
        enter(Phase.WRITE);
        try {
            if (next.data().length > MessageBatch.BYTES) throw new Errno("send", Errno.EMSGSIZE);
            int more = port.send(datagrams, from);
            sent.addAndGet(more);
            return more;
        } catch (IOException e) {
            throw failed(e, Phase.WRITE, to);
        } finally {
            life.leave();
        }
    }

    private void awaitRoom(long limit) throws ConnectionException {
        if (port.tellsOfRoom()) {
            life.wantWritable();
            await(writing, limit, Phase.WRITE);
        } else {
            long soon = System.nanoTime() + AGAIN_NANOS;
            boolean last = limit != Limit.NEVER && limit - soon < 0;
            if (last || Limit.isPast(limit)) {
                await(writing, limit, Phase.WRITE);
            } else {
                awaitAtMost(soon);
            }
        }
    }

    private void awaitAtMost(long soon) throws ConnectionException {
        requireBlockable();
        if (writing.await(soon) == Parking.Outcome.INTERRUPTED) throw interrupted(Phase.WRITE);
    }

    // ---- waiting

    private void await(Turn turn, long limit, Phase phase) throws ConnectionException {
        requireBlockable();
        switch (turn.await(limit)) {
            case WOKEN, CANCELLED -> {}
            case EXPIRED -> throw failure(Reason.TIMEOUT, phase);
            case INTERRUPTED -> throw interrupted(phase);
        }
    }

    private void requireBlockable() {
        if (loop.eventLoop().inEventLoop()) {
            throw new IllegalStateException(
                    this + " would block the event loop that carries it; spawn a thread for it");
        }
    }

    private ConnectionException interrupted(Phase phase) {
        close();
        return failure(Reason.INTERRUPTED, phase);
    }

    private void enter(Phase phase) throws ConnectionException {
        if (!life.enter()) throw failure(Reason.CLOSED, phase);
    }

    private ConnectionException failure(Reason reason, Phase phase) {
        if (reason != Reason.TIMEOUT) return ConnectionException.of(reason, phase, port.peer());
        String text = phase == Phase.READ
                ? "no datagram came within " + Durations.text(limits.timeouts().read())
                : "there was no room to send within "
                        + Durations.text(limits.timeouts().write());
        return ConnectionException.of(reason, phase, port.peer(), limits.text(text), null);
    }

    private static ConnectionException failed(IOException failure, Phase phase, @Nullable SocketAddress peer) {
        Reason reason = reasonOf(failure);
        String cause = String.valueOf(failure.getMessage());
        String text = reason == Reason.TOO_LONG ? "the datagram is too long to travel whole (" + cause + ")" : cause;
        return ConnectionException.of(reason, phase, peer, text, failure);
    }

    private static Reason reasonOf(IOException failure) {
        return switch (failure) {
            case Errno errno -> errno.reason();
            case PortUnreachableException _ -> Reason.REFUSED;
            case IOException other when "Message too long".equals(other.getMessage()) -> Reason.TOO_LONG;
            default -> Failures.reasonOf(failure);
        };
    }

    /** Wakes whoever waits. */
    private final class Waking implements PortWatch.Signals {
        @Override
        public void readable() {
            reading.signal();
            watcher.run();
        }

        @Override
        public void writable() {
            writing.signal();
        }

        @Override
        public void lost() {
            close();
        }
    }

    // ---- the life

    @Override
    public long id() {
        return id;
    }

    @Override
    public SocketAddress localAddress() {
        return port.localAddress();
    }

    @Override
    public @Nullable SocketAddress peer() {
        return port.peer();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public Counts counts() {
        return new Counts(received.get(), sent.get(), truncated.get(), life.dropped(), opened);
    }

    @Override
    public boolean isOpen() {
        return life.isOpen();
    }

    @Override
    public Timeouts timeouts() {
        return limits.timeouts();
    }

    @Override
    public void timeouts(Timeouts each) {
        limits.timeouts(each);
    }

    @Override
    public Deadline deadline(Duration total) {
        return limits.deadline(total);
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        configure(() -> port.option(name, value));
    }

    @Override
    public void join(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws ConnectionException {
        requireGroup(group);
        configure(() -> port.join(group, on, source));
    }

    @Override
    public void leave(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws ConnectionException {
        requireGroup(group);
        configure(() -> port.leave(group, on, source));
    }

    private static void requireGroup(InetAddress group) {
        if (!group.isMulticastAddress()) throw new IllegalArgumentException(group + " is no multicast group");
    }

    /** A change of the port. */
    private interface Change {
        void make() throws IOException;
    }

    private void configure(Change change) throws ConnectionException {
        enter(Phase.BIND);
        try {
            change.make();
        } catch (IOException e) {
            throw failed(e, Phase.BIND, port.localAddress());
        } finally {
            life.leave();
        }
    }

    @Override
    public Datagrams transfer(Scope to) {
        moveTo((ConnectionScope) to);
        return this;
    }

    @Override
    boolean isGone() {
        return !isOpen();
    }

    @Override
    void abandonedBy(ConnectionScope scope) {
        close();
    }

    @Override
    public int detach() throws ConnectionException {
        loop.owner().sockets().requireAdoptingDatagrams();
        enter(Phase.CLOSE);
        int left;
        try {
            left = port.duplicate();
        } catch (IOException e) {
            throw failed(e, Phase.CLOSE, port.localAddress());
        } finally {
            life.leave();
        }
        if (end(false)) return left;
        Departure.close(left);
        throw failure(Reason.CLOSED, Phase.CLOSE);
    }

    @Override
    public void close() {
        end(true);
    }

    /** Whether it had not ended before. */
    private boolean end(boolean removingFile) {
        leaveScope();
        boolean first = life.end();
        if (first) {
            reading.end();
            writing.end();
            watcher.run();
            if (removingFile) port.removeFile();
            life.finish();
            loop.closed(this);
            leaveScope(); // another thread may have transferred it meanwhile
        }
        life.awaitFinished();
        return first;
    }

    @Override
    public void abort() {
        close();
    }

    @Override
    public String toString() {
        return "datagrams " + id + " (" + port.localAddress() + (port.peer() == null ? ")" : " - " + port.peer() + ")");
    }
}
