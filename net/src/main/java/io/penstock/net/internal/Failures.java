package io.penstock.net.internal;

import io.netty.channel.socket.ChannelOutputShutdownException;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.FileNotFoundException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The reasons behind what the operating system and Netty throw. */
final class Failures {
    /** The call and the number that Netty puts before the words of the operating system. */
    private static final Pattern NETTYS = Pattern.compile("^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ");

    private Failures() {}

    static Reason reasonOf(Throwable failure) {
        return switch (failure) {
            // what a write after a failed write gets; the cause is the failure
            case ChannelOutputShutdownException e when e.getCause() != null -> reasonOf(e.getCause());
            case io.netty.channel.ConnectTimeoutException _ -> Reason.TIMEOUT;
            case UnknownHostException _, UnresolvedAddressException _ -> Reason.UNRESOLVED;
            case BindException _, UnsupportedAddressTypeException _ -> Reason.ADDRESS;
            case FileNotFoundException _ -> Reason.REFUSED; // of Netty, for the path of a UNIX socket; without a word
            case NoRouteToHostException _ -> Reason.UNREACHABLE;
            case ClosedChannelException _ -> Reason.RESET;
            default -> reasonOfText(failure);
        };
    }

    /** Whether the peer has reset the connection, and not ended it before. */
    static boolean isReset(Throwable failure) {
        Throwable first = failure instanceof ChannelOutputShutdownException && failure.getCause() != null
                ? failure.getCause()
                : failure;
        return String.valueOf(first.getMessage()).toLowerCase(Locale.ROOT).contains("reset");
    }

    private static Reason reasonOfText(Throwable failure) {
        String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (text.contains("refused") || text.contains("no such file")) return Reason.REFUSED;
        if (text.contains("unreachable") || text.contains("no route")) return Reason.UNREACHABLE;
        if (text.contains("timed out")) return Reason.TIMEOUT;
        if (text.contains("reset") || text.contains("broken pipe") || text.contains("aborted")) return Reason.RESET;
        if (text.contains("address") || text.contains("permission")) return Reason.ADDRESS;
        if (text.contains("underlying file")) return Reason.FILE;
        return failure instanceof ConnectException ? Reason.REFUSED : Reason.FAILED;
    }

    /** A failure to connect or to bind, in the words of the operating system. */
    static ConnectionException of(Throwable failure, Phase phase, SocketAddress peer) {
        Reason reason = reasonOf(failure);
        return ConnectionException.of(reason, phase, peer, withoutPeer(text(reason, failure), peer), failure);
    }

    /** Netty names the peer as well. */
    private static String withoutPeer(String text, SocketAddress peer) {
        return text.replace(": " + peer + ")", ")");
    }

    /** The last of several failures to reach somebody, with all of them in its text. */
    static ConnectionException ofAll(List<ConnectionException> failures, SocketAddress peer, String several) {
        ConnectionException last = failures.getLast();
        if (failures.size() == 1) return last;
        String each = failures.stream().map(ConnectionException::getMessage).collect(Collectors.joining("; "));
        var all = ConnectionException.of(
                last.reason(),
                last.phase(),
                peer,
                "none of " + failures.size() + " " + several + " answered: " + each,
                last);
        failures.subList(0, failures.size() - 1).forEach(all::addSuppressed);
        return all;
    }

    static String text(Reason reason, @Nullable Throwable cause) {
        if (cause instanceof UnsupportedAddressTypeException) {
            return "the transport in use has no sockets of this kind (abstract names need epoll)";
        }
        if (cause instanceof FileNotFoundException) return "refused (there is no such file)";
        String plain = switch (reason) {
            case RESET -> "the connection was reset by the peer";
            case ADDRESS -> "the address cannot be used";
            default -> reason.name().toLowerCase(Locale.ROOT);
        };
        String words = cause == null ? null : cause.getMessage();
        if (words == null) return plain;
        words = NETTYS.matcher(words).replaceFirst("");
        boolean taken = words.toLowerCase(Locale.ROOT).contains("address already in use");
        return plain + " (" + words + ")" + (taken ? ": choose another, or end whoever has it" : "");
    }
}
