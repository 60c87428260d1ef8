package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A descriptor on its way from its owner to us. Everything that can speak against it is found out before anything is changed.
 *
 * <p>What we work on is a duplicate. So whatever fails, closing ours leaves the owner's open, and the owner's number is closed when
 * nothing can fail any more. What both have in common is whether they block; that is put back.
 */
final class Adoption {
    /** What the descriptor is to become. */
    enum Purpose {
        CONNECTION,
        LISTENER,
        DATAGRAMS
    }

    private static final int STANDARD_STREAMS = 3;

    /** The cookies of the sockets that are ours. Without locks, see {@link SpinLock}. */
    private static final Set<Long> ADOPTED = new ConcurrentSkipListSet<>();

    private final int given;
    private final SocketFacts socket;
    private final boolean blocking;
    private final int own;

    /** Its owner's number, until {@link #complete}, and what it becomes, until that has {@link #ended}. */
    private final AtomicInteger holders = new AtomicInteger(2);

    private Adoption(int given, SocketFacts socket) throws Errno {
        this.given = given;
        this.socket = socket;
        this.blocking = Kernel.isBlocking(given);
        this.own = Kernel.duplicate(given);
        try {
            if (blocking) Kernel.blocking(own, false);
        } catch (Errno e) {
            Kernel.close(own);
            throw e;
        }
    }

    /** Claims a descriptor for the purpose, or refuses it; then it is as it was, and still its owner's. */
    static Adoption begin(int fd, boolean standardStreams, Purpose purpose) throws ConnectionException {
        if (fd < 0) throw refusal(Reason.INVALID_DESCRIPTOR, fd, "is none: they are 0 or more", null, null);
        if (fd < STANDARD_STREAMS && !standardStreams) {
            String why =
                    "is a standard stream; if it is meant all the same, say so by withStandardStreams of the options";
            throw refusal(Reason.INVALID_DESCRIPTOR, fd, why, null, null);
        }
        SocketFacts socket = inspect(fd);
        switch (purpose) {
            case CONNECTION -> requireStream(fd, socket);
            case LISTENER -> requireListening(fd, socket);
            case DATAGRAMS -> requireDatagrams(fd, socket);
        }
        if (!ADOPTED.add(socket.cookie())) {
            String why = "belongs to a socket that was adopted before; close or detach what it has become first";
            throw refusal(Reason.ALREADY_ADOPTED, fd, why, socket, null);
        }
        try {
            if (socket.isStream()) requireHealthy(fd, socket);
            if (purpose == Purpose.CONNECTION) requireConnected(fd, socket);
            return new Adoption(fd, socket);
        } catch (ConnectionException e) {
            ADOPTED.remove(socket.cookie());
            throw e;
        } catch (Errno e) {
            ADOPTED.remove(socket.cookie());
            throw refusal(
                    Reason.FAILED, fd, "cannot be duplicated and made non-blocking: " + e.getMessage(), socket, e);
        }
    }

    private static SocketFacts inspect(int fd) throws ConnectionException {
        try {
            return SocketFacts.of(fd);
        } catch (Errno e) {
            throw switch (e.number()) {
                case Errno.EBADF ->
                    refusal(
                            Reason.INVALID_DESCRIPTOR,
                            fd,
                            "is not open (EBADF): it was closed, or is of another process",
                            null,
                            e);
                case Errno.ENOTSOCK ->
                    refusal(
                            Reason.NOT_A_SOCKET,
                            fd,
                            "is a file, a pipe or the like (ENOTSOCK): read and write it by java.nio",
                            null,
                            e);
                default -> refusal(Reason.FAILED, fd, "cannot be inspected: " + e.getMessage(), null, e);
            };
        }
    }

    private static void requireStream(int fd, SocketFacts socket) throws ConnectionException {
        if (!socket.isStream()) {
            String way = socket.isDatagrams() ? ": Datagrams.adopt is for it" : ", and no stream of TCP or UNIX";
            throw refusal(Reason.NOT_A_STREAM, fd, "is " + socket.kind() + way, socket, null);
        }
        if (socket.listening()) {
            throw refusal(Reason.LISTENING, fd, "is listening: Listener.adopt is for it", socket, null);
        }
    }

    private static void requireConnected(int fd, SocketFacts socket) throws ConnectionException {
        if (socket.connected()) return;
        String why = isConnecting(fd, socket)
                ? "is still connecting (ENOTCONN): adopt it when it has become writable"
                : "is not connected (ENOTCONN): connect it first, or close it if both sides have ended it";
        throw refusal(Reason.NOT_CONNECTED, fd, why, socket, null);
    }

    private static boolean isConnecting(int fd, SocketFacts socket) throws ConnectionException {
        try {
            return !socket.isUnix() && SocketFacts.isConnecting(fd);
        } catch (Errno e) {
            throw refusal(Reason.FAILED, fd, "cannot be inspected: " + e.getMessage(), socket, e);
        }
    }

    /** Only asked of a socket that is nobody's yet, because the kernel forgets what it answers. */
    private static void requireHealthy(int fd, SocketFacts socket) throws ConnectionException {
        Errno error;
        try {
            error = SocketFacts.takeError(fd);
        } catch (Errno e) {
            error = e;
        }
        if (error != null) throw refusal(error.reason(), fd, "has failed: " + error.getMessage(), socket, error);
    }

    private static void requireListening(int fd, SocketFacts socket) throws ConnectionException {
        if (!socket.isStream()) {
            throw refusal(
                    Reason.NOT_A_STREAM, fd, "is " + socket.kind() + ", which accepts no connections", socket, null);
        }
        if (!socket.listening()) {
            String why = socket.connected()
                    ? "is connected: Connection.adopt is for it"
                    : "does not listen: bind it and call listen first";
            throw refusal(Reason.NOT_LISTENING, fd, why, socket, null);
        }
    }

    private static void requireDatagrams(int fd, SocketFacts socket) throws ConnectionException {
        if (socket.isDatagrams()) return;
        String way = socket.isStream()
                ? socket.listening() ? ": Listener.adopt is for it" : ": Connection.adopt is for it"
                : "";
        throw refusal(Reason.NOT_DATAGRAMS, fd, "is " + socket.kind() + way, socket, null);
    }

    private static ConnectionException refusal(
            Reason reason, int fd, String why, @Nullable SocketFacts socket, @Nullable Throwable cause) {
        return ConnectionException.of(
                reason,
                Phase.ADOPT,
                socket == null ? null : socket.peer(),
                "descriptor " + fd + " " + why + ". It is as it was, and still yours",
                cause);
    }

    SocketFacts socket() {
        return socket;
    }

    /** The descriptor to work on. */
    int descriptor() {
        return own;
    }

    /** It has become what it was to become: the owner's number ends. */
    void complete() {
        try {
            Kernel.dispose(given);
        } catch (Errno e) {
            // its owner has closed it, although it was not the owner's any more
            LoggerFactory.getLogger(Adoption.class).warn("Descriptor {} was not closed properly", given, e);
        }
        letGo();
    }

    /** Closes {@link #descriptor} for somebody who has found no owner for it. */
    void closeOwn() {
        try {
            Kernel.close(own);
        } catch (Errno e) {
            throw new IllegalStateException("descriptor " + own + ", which nobody else has, cannot be closed", e);
        }
    }

    /** It has not: {@link #descriptor} is closed. */
    ConnectionException giveUp(@Nullable Throwable cause) {
        String why = cause == null ? "the loop is busy with something else" : cause.getMessage();
        try {
            if (blocking) Kernel.blocking(given, true);
        } catch (Errno e) {
            why += "; and it cannot be made to block again: " + e.getMessage();
        }
        ADOPTED.remove(socket.cookie()); // from now on it may be somebody else's
        Reason reason = cause instanceof Errno errno ? errno.reason() : Reason.FAILED;
        return refusal(reason, given, "cannot be watched by the loop: " + why, socket, cause);
    }

    /** What it has become has ended, and its descriptor is closed or somebody else's. */
    void ended() {
        letGo();
    }

    private void letGo() {
        if (holders.decrementAndGet() == 0) ADOPTED.remove(socket.cookie());
    }
}
