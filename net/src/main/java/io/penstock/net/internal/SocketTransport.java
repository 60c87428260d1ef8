package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.AbstractNioChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.LoopOptions;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/** What talks to the operating system: the channel types of one of Netty's transports, and its form of UNIX addresses. */
enum SocketTransport {
    EPOLL("epoll") {
        @Override
        IoHandlerFactory handlers() {
            return LazyEpoll.factory();
        }

        @Override
        @Nullable
        ChannelOption<?> tuning(SocketOption<?> name) {
            return switch (name.name()) {
                case "TCP_KEEPIDLE" -> EpollChannelOption.TCP_KEEPIDLE;
                case "TCP_KEEPINTERVAL" -> EpollChannelOption.TCP_KEEPINTVL;
                case "TCP_KEEPCOUNT" -> EpollChannelOption.TCP_KEEPCNT;
                case "TCP_QUICKACK" -> EpollChannelOption.TCP_QUICKACK;
                default -> null;
            };
        }

        @Override
        ChannelFactory<? extends Channel> clients(SocketAddress peer) {
            if (isUnix(peer)) return EpollDomainSocketChannel::new;
            // a socket of both families has to be made so, and to translate each address
            return peer instanceof InetSocketAddress inet && inet.getAddress() instanceof Inet4Address
                    ? () -> new EpollSocketChannel(SocketProtocolFamily.INET)
                    : EpollSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends DatagramChannel> nameClients() {
            return EpollDatagramChannel::new;
        }

        @Override
        ChannelFactory<? extends SocketChannel> longNameClients() {
            return EpollSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends ServerChannel> servers(boolean unix) {
            return unix ? EpollServerDomainSocketChannel::new : EpollServerSocketChannel::new;
        }

        @Override
        DatagramPort datagrams(@Nullable SocketAddress local, @Nullable SocketAddress peer) throws IOException {
            return KernelPort.open(local, peer, EpollWatch::new);
        }

        @Override
        void requireAdopting() {}

        @Override
        Channel adopted(int fd, boolean unix) {
            return unix ? new EpollDomainSocketChannel(fd) : new EpollSocketChannel(fd);
        }

        @Override
        ServerChannel adoptedServer(int fd, boolean unix) {
            return unix ? new EpollServerDomainSocketChannel(fd, true) : new EpollServerSocketChannel(fd);
        }

        @Override
        DatagramPort adoptedDatagrams(Adoption adoption) {
            return new KernelPort(adoption, EpollWatch::new);
        }

        @Override
        boolean lastClients(Channel listener, boolean unix) throws IOException {
            int fd = ((UnixChannel) listener).fd().intValue();
            if (unix) new Socket(fd).shutdown(true, false);
            else ClosedDoor.before(fd);
            return !unix;
        }

        @Override
        void acceptRest(Channel listener, boolean unix) throws IOException {
            var socket = new Socket(((UnixChannel) listener).fd().intValue());
            byte[] from = new byte[ADDRESS_SIZE];
            for (int fd = socket.accept(from); fd >= 0; fd = socket.accept(from)) {
                Channel client = unix ? new EpollDomainSocketChannel(fd) : new EpollSocketChannel(fd);
                if (client.isActive()) {
                    listener.pipeline().fireChannelRead(client);
                } else {
                    client.unsafe().closeForcibly(); // it was reset meanwhile, and nothing would ever be told of it
                }
            }
        }

        @Override
        void shutdownOutput(DuplexChannel connection) {
            try {
                ((Socket) ((UnixChannel) connection).fd()).shutdown(false, true);
            } catch (IOException | NotYetConnectedException e) {
                // the peer has reset it, which the loop comes upon by itself
            }
        }

        @Override
        void receiveRest(Channel connection) {
            // not the connection's own allocator, which may give no more than a taste
            ByteBuf piece = ByteBufAllocator.DEFAULT.directBuffer(PIECE);
            try {
                int count = ((UnixChannel) connection).fd().read(piece.internalNioBuffer(0, PIECE), 0, PIECE);
                if (count > 0)
                    connection.pipeline().fireChannelRead(piece.retain().writerIndex(count));
            } catch (IOException e) {
                // the loop comes upon it by itself, and tells
            } finally {
                piece.release();
            }
        }
    },
    NIO("nio") {
        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        @Nullable
        ChannelOption<?> tuning(SocketOption<?> name) {
            return switch (name.name()) {
                case "TCP_KEEPIDLE", "TCP_KEEPINTERVAL", "TCP_KEEPCOUNT", "TCP_QUICKACK" -> NioChannelOption.of(name);
                default -> null;
            };
        }

        @Override
        ChannelFactory<? extends Channel> clients(SocketAddress peer) {
            return isUnix(peer) ? NioDomainSocketChannel::new : NioSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends DatagramChannel> nameClients() {
            return NioDatagramChannel::new;
        }

        @Override
        ChannelFactory<? extends SocketChannel> longNameClients() {
            return NioSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends ServerChannel> servers(boolean unix) {
            return unix ? NioServerDomainSocketChannel::new : NioServerSocketChannel::new;
        }

        @Override
        DatagramPort datagrams(@Nullable SocketAddress local, @Nullable SocketAddress peer) throws IOException {
            return ChannelPort.open(local, peer);
        }

        @Override
        void acceptRest(Channel listener, boolean unix) {
            // accepts some at a time, and does not say how many
            for (int i = 0; i < NIO_PASSES; i++) ((AbstractNioChannel.NioUnsafe) listener.unsafe()).read();
        }

        @Override
        SocketAddress toNetty(SocketAddress address) {
            if (address instanceof AbstractUnixAddress) {
                throw new UnsupportedAddressTypeException(); // says nothing; see Failures
            }
            return address;
        }

        @Override
        void receiveRest(Channel connection) {
            ((AbstractNioChannel.NioUnsafe) connection.unsafe()).read();
        }
    },
    IO_URING("io_uring") {
        @Override
        boolean lastClients(Channel listener, boolean unix) throws IOException {
            if (!unix) ClosedDoor.before(((UnixChannel) listener).fd().intValue());
            return !unix;
        }

        @Override
        IoHandlerFactory handlers() {
            return IoUringIoHandler.newFactory();
        }

        @Override
        @Nullable
        ChannelOption<?> tuning(SocketOption<?> name) {
            return switch (name.name()) {
                case "TCP_KEEPIDLE" -> IoUringChannelOption.TCP_KEEPIDLE;
                case "TCP_KEEPINTERVAL" -> IoUringChannelOption.TCP_KEEPINTVL;
                case "TCP_KEEPCOUNT" -> IoUringChannelOption.TCP_KEEPCNT;
                case "TCP_QUICKACK" -> IoUringChannelOption.TCP_QUICKACK;
                default -> null;
            };
        }

        @Override
        ChannelFactory<? extends Channel> clients(SocketAddress peer) {
            return isUnix(peer) ? IoUringDomainSocketChannel::new : IoUringSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends DatagramChannel> nameClients() {
            return IoUringDatagramChannel::new;
        }

        @Override
        ChannelFactory<? extends SocketChannel> longNameClients() {
            return IoUringSocketChannel::new;
        }

        @Override
        ChannelFactory<? extends ServerChannel> servers(boolean unix) {
            return unix ? IoUringServerDomainSocketChannel::new : IoUringServerSocketChannel::new;
        }

        @Override
        DatagramPort datagrams(@Nullable SocketAddress local, @Nullable SocketAddress peer) throws IOException {
            return KernelPort.open(local, peer, UringWatch::new);
        }

        @Override
        void requireAdoptingDatagrams() {}

        @Override
        DatagramPort adoptedDatagrams(Adoption adoption) {
            return new KernelPort(adoption, UringWatch::new);
        }
    };

    /** A peer's address as Netty's native code writes it: length, IPv6 address, scope, port. */
    private static final int ADDRESS_SIZE = 26;

    private static final int PIECE = 4096;

    /** Netty accepts 16 at a time: enough for 1024 clients. */
    private static final int NIO_PASSES = 64;

    /** What the path of an abstract UNIX socket begins with. */
    private static final String ABSTRACT = "\0";

    private final String label;

    SocketTransport(String label) {
        this.label = label;
    }

    static SocketTransport of(LoopOptions.Transport choice) {
        return switch (choice) {
            case AUTO -> Epoll.isAvailable() ? EPOLL : NIO;
            case EPOLL -> available(EPOLL, Epoll.unavailabilityCause());
            case NIO -> NIO;
            case IO_URING -> available(IO_URING, obstacleToIoUring());
        };
    }

    /** Its jars are optional. */
    private static @Nullable Throwable obstacleToIoUring() {
        try {
            return IoUring.unavailabilityCause();
        } catch (NoClassDefFoundError missing) {
            return missing;
        }
    }

    private static SocketTransport available(SocketTransport transport, @Nullable Throwable obstacle) {
        if (obstacle != null) {
            throw new IllegalStateException(
                    "The transport " + transport.label + " is not available here: " + obstacle, obstacle);
        }
        return transport;
    }

    String label() {
        return label;
    }

    abstract IoHandlerFactory handlers();

    /** For connections to that address. */
    abstract ChannelFactory<? extends Channel> clients(SocketAddress peer);

    /** For questions to name servers. */
    abstract ChannelFactory<? extends DatagramChannel> nameClients();

    /** For questions to name servers whose answers are long. */
    abstract ChannelFactory<? extends SocketChannel> longNameClients();

    abstract ChannelFactory<? extends ServerChannel> servers(boolean unix);

    /** A datagram socket that can be bound to the one and connected to the other; not yet either. */
    abstract DatagramPort datagrams(@Nullable SocketAddress local, @Nullable SocketAddress peer) throws IOException;

    /** @throws UnsupportedOperationException unless it can have channels on descriptors that were opened elsewhere */
    void requireAdopting() {
        throw new UnsupportedOperationException(
                "descriptors are adopted and detached by the transport epoll, and these loops run on " + label
                        + ": open other loops with LoopOptions.Transport.EPOLL for them");
    }

    /** The same for datagrams. */
    void requireAdoptingDatagrams() {
        requireAdopting();
    }

    /** A channel on a connected stream, which owns the descriptor unless this throws. Nothing is checked. */
    Channel adopted(int fd, boolean unix) {
        throw new UnsupportedOperationException();
    }

    /** A channel on a listening socket, which owns the descriptor unless this throws. Nothing is checked. */
    ServerChannel adoptedServer(int fd, boolean unix) {
        throw new UnsupportedOperationException();
    }

    /** A port on a datagram socket, which owns the descriptor. */
    DatagramPort adoptedDatagrams(Adoption adoption) {
        throw new UnsupportedOperationException();
    }

    /**
     * From now on the kernel lets nobody new in, while those whom it has let in can be accepted still; for a socket that nobody else listens
     * on, on its loop. Where it cannot be had, whoever comes between the last look for clients and the end of the listener is reset.
     *
     * @return whether there may be some who are neither in nor kept out, since their handshake has begun
     */
    boolean lastClients(Channel listener, boolean unix) throws IOException {
        return false;
    }

    /**
     * Accepts every client whose connection the kernel has completed by now; on the listener's loop. Does nothing on io_uring, where
     * Netty has the kernel accept and offers no way to ask for the rest.
     */
    void acceptRest(Channel listener, boolean unix) throws IOException {}

    /** Delivers what the kernel holds for a connection that nobody has paused; on its loop. Not needed on io_uring, which never waits to. */
    void receiveRest(Channel connection) {}

    /** Ends the output when everything has left; on its loop. Netty's own way records a stack each time, for a failure that nobody sees. */
    void shutdownOutput(DuplexChannel connection) {
        connection.shutdownOutput();
    }

    /** An option of TCP that Netty has by another name on each transport; null when it has none. */
    abstract @Nullable ChannelOption<?> tuning(SocketOption<?> name);

    private @Nullable ChannelOption<?> option(SocketOption<?> name) {
        return switch (name.name()) {
            case "TCP_NODELAY" -> ChannelOption.TCP_NODELAY;
            case "SO_KEEPALIVE" -> ChannelOption.SO_KEEPALIVE;
            case "SO_RCVBUF" -> ChannelOption.SO_RCVBUF;
            case "SO_SNDBUF" -> ChannelOption.SO_SNDBUF;
            case "SO_LINGER" -> ChannelOption.SO_LINGER;
            case "SO_REUSEADDR" -> ChannelOption.SO_REUSEADDR;
            case "IP_TOS" -> ChannelOption.IP_TOS;
            default -> tuning(name);
        };
    }

    /** @throws UnsupportedOperationException when sockets of this transport have no such option */
    void requireOption(SocketOption<?> name) {
        if (option(name) == null) {
            throw new UnsupportedOperationException(name.name() + " is not an option of the transport " + label);
        }
    }

    /** Sets an option; whether this kind of socket has it. */
    @SuppressWarnings("unchecked") // the two kinds of option have the same value types
    boolean set(Channel channel, SocketOption<?> name, Object value) {
        var option = (ChannelOption<Object>) option(name);
        return option != null && channel.config().setOption(option, value);
    }

    /** The value of an option; null when this kind of socket has no such option. */
    @SuppressWarnings("unchecked") // see above
    <T> @Nullable T get(Channel channel, SocketOption<T> name) {
        var option = (ChannelOption<T>) option(name);
        return option == null ? null : channel.config().getOption(option);
    }

    /** The address as this transport wants it. */
    SocketAddress toNetty(SocketAddress address) {
        return switch (address) {
            case UnixDomainSocketAddress unix ->
                new DomainSocketAddress(unix.getPath().toString());
            case AbstractUnixAddress unix -> new DomainSocketAddress(ABSTRACT + unix.name());
            default -> address;
        };
    }

    static boolean isUnix(SocketAddress address) {
        return address instanceof UnixDomainSocketAddress || address instanceof AbstractUnixAddress;
    }

    /** The address as the JDK has it. */
    static SocketAddress toJdk(SocketAddress address) {
        if (!(address instanceof DomainSocketAddress unix)) return address;
        return unix.path().startsWith(ABSTRACT)
                ? AbstractUnixAddress.of(unix.path().substring(ABSTRACT.length()))
                : UnixDomainSocketAddress.of(unix.path());
    }
}
