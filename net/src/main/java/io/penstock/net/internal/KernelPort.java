package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.Datagram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket of Linux, by its own system calls: many messages at a time, empty ones too, with their true length and the sender. Netty's
 * channels drop empty messages and do not tell of truncation; the JDK's have no UNIX datagrams and take one at a time.
 */
final class KernelPort implements DatagramPort {
    private static final int SO_MEMINFO = 55;
    private static final int DROPS = 8;
    private static final int MEMINFO_SIZE = 9 * Integer.BYTES;

    private final int fd;
    /** Null when it was not adopted. */
    private final @Nullable Adoption adoption;

    private final int family;
    private final BiFunction<Integer, PortWatch.Signals, PortWatch> watches;
    private SocketAddress local = Unnamed.SOCKET;
    private @Nullable SocketAddress peer;
    private @Nullable SocketFile file;

    private KernelPort(int family, BiFunction<Integer, PortWatch.Signals, PortWatch> watches) throws Errno {
        this.family = family;
        this.watches = watches;
        this.adoption = null;
        this.fd = Kernel.datagramSocket(family);
        try {
            if (family == Kernel.AF_INET6) DatagramOption.acceptIpv4(fd);
        } catch (Errno e) {
            Kernel.close(fd);
            throw e;
        }
    }

    /** A port on a socket that is bound, and perhaps connected, already; its own from now on. */
    KernelPort(Adoption adoption, BiFunction<Integer, PortWatch.Signals, PortWatch> watches) {
        SocketFacts socket = adoption.socket();
        this.adoption = adoption;
        this.fd = adoption.descriptor();
        this.family = socket.family();
        this.watches = watches;
        this.local = socket.local();
        this.peer = socket.peer();
    }

    /** A socket that can be bound to the one and connected to the other. */
    static KernelPort open(
            @Nullable SocketAddress local,
            @Nullable SocketAddress peer,
            BiFunction<Integer, PortWatch.Signals, PortWatch> watches)
            throws Errno {
        SocketAddress decisive = local != null ? local : peer;
        if (decisive != null) return new KernelPort(family(decisive), watches);
        try {
            return new KernelPort(Kernel.AF_INET6, watches);
        } catch (Errno e) {
            return new KernelPort(Kernel.AF_INET, watches); // a machine without IPv6
        }
    }

    private static int family(SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress _, AbstractUnixAddress _ -> Kernel.AF_UNIX;
            case InetSocketAddress inet when inet.getAddress() instanceof Inet4Address -> Kernel.AF_INET;
            default -> Kernel.AF_INET6;
        };
    }

    @Override
    public void bind(@Nullable SocketAddress wanted) throws IOException {
        SocketAddress to = wanted != null ? wanted : anywhere();
        if (to instanceof UnixDomainSocketAddress unix && SocketFile.isFile(unix)) {
            file = SocketFile.bind(unix, () -> bindTo(to), this::isAbandoned);
        } else {
            bindTo(to);
        }
        rememberName();
    }

    private SocketAddress anywhere() throws IOException {
        return switch (family) {
            case Kernel.AF_UNIX -> UnixDomainSocketAddress.of("");
            case Kernel.AF_INET -> new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0);
            default -> new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0);
        };
    }

    private void bindTo(SocketAddress address) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketName.SIZE);
            Kernel.bind(fd, name, SocketName.write(address, family, name));
        }
    }

    /** Whether nobody receives at the address. */
    private boolean isAbandoned(SocketAddress address) throws Errno {
        int probe = Kernel.datagramSocket(family);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketName.SIZE);
            Kernel.connect(probe, name, SocketName.write(address, family, name));
            return false;
        } catch (Errno e) {
            return e.number() == Errno.ECONNREFUSED;
        } finally {
            Kernel.close(probe);
        }
    }

    @Override
    public void connect(SocketAddress to) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketName.SIZE);
            Kernel.connect(fd, name, SocketName.write(to, family, name));
        }
        peer = to;
        rememberName();
    }

    private void rememberName() throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketName.SIZE);
            SocketAddress bound = SocketName.read(name, Kernel.nameOf(fd, name));
            local = bound == null ? Unnamed.SOCKET : bound;
        }
    }

    @Override
    public List<Datagram> receive(int count, int max) throws Errno {
        MessageBatch batch = MessageBatch.borrow();
        try {
            return batch.receive(fd, count, max, peer);
        } finally {
            batch.giveBack();
        }
    }

    @Override
    public int send(List<Datagram> datagrams, int from) throws Errno {
        MessageBatch batch = MessageBatch.borrow();
        try {
            return batch.send(fd, family, datagrams, from);
        } finally {
            batch.giveBack();
        }
    }

    @Override
    public void requireSendable(Datagram datagram) {
        SocketAddress to = datagram.peer();
        if (to != null) SocketName.require(to, family);
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public @Nullable SocketAddress peer() {
        return peer;
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws Errno {
        DatagramOption.set(fd, family, name, value);
    }

    @Override
    public void join(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws Errno {
        DatagramOption.membership(fd, group, on, source, true);
    }

    @Override
    public void leave(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws Errno {
        DatagramOption.membership(fd, group, on, source, false);
    }

    @Override
    public long dropped() throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment counts = arena.allocate(MEMINFO_SIZE, Integer.BYTES);
            Kernel.readOption(fd, Kernel.SOL_SOCKET, SO_MEMINFO, counts);
            return Integer.toUnsignedLong(counts.getAtIndex(JAVA_INT, DROPS));
        }
    }

    /** An unconnected UNIX socket is told of room in its own buffer, of which there is plenty, but not in the receiver's queue. */
    @Override
    public boolean tellsOfRoom() {
        return family != Kernel.AF_UNIX || peer != null;
    }

    @Override
    public PortWatch watch(PortWatch.Signals signals) {
        return watches.apply(fd, signals);
    }

    @Override
    public void removeFile() {
        SocketFile mine = file;
        if (mine != null) mine.remove();
    }

    @Override
    public int duplicate() throws Errno {
        return Kernel.duplicate(fd);
    }

    @Override
    public void close() throws Errno {
        Adoption taken = adoption;
        try {
            Kernel.close(fd);
        } finally {
            if (taken != null) taken.ended();
        }
    }
}
