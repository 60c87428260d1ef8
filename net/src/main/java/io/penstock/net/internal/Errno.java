package io.penstock.net.internal;

import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;

/** What the kernel answered instead of doing what it was asked for. */
final class Errno extends IOException {
    static final int EINTR = 4;
    static final int EBADF = 9;
    static final int EAGAIN = 11;
    static final int EMFILE = 24;
    static final int EPIPE = 32;
    static final int ENOTSOCK = 88;
    static final int EMSGSIZE = 90;
    static final int EADDRINUSE = 98;
    static final int ECONNRESET = 104;
    static final int ENOTCONN = 107;
    static final int ECONNREFUSED = 111;

    private static final long serialVersionUID = 1L;
    private final int number;

    Errno(String call, int number) {
        super(call + ": " + text(number));
        this.number = number;
    }

    int number() {
        return number;
    }

    /** What it means to a socket. */
    Reason reason() {
        return switch (number) {
            case 2, ECONNREFUSED -> Reason.REFUSED;
            case 100, 101, 112, 113 -> Reason.UNREACHABLE;
            case EPIPE, 103, ECONNRESET -> Reason.RESET;
            case 110 -> Reason.TIMEOUT;
            case EMSGSIZE -> Reason.TOO_LONG;
            case 1, 13, 19, 22, 91, 97, EADDRINUSE, 99 -> Reason.ADDRESS;
            default -> Reason.FAILED;
        };
    }

    /** Whether it says that this cannot be done here at all, and not that something has happened. */
    boolean isRefusal() {
        return switch (number) {
            case 1, 12, 13, 22, 38, 95 -> true; // EPERM, ENOMEM, EACCES, EINVAL, ENOSYS, EOPNOTSUPP
            default -> false;
        };
    }

    private static String text(int number) {
        return switch (number) {
            case 1 -> "operation not permitted (EPERM)";
            case 2 -> "no such file or directory (ENOENT)";
            case EBADF -> "bad file descriptor (EBADF)";
            case 12 -> "out of memory (ENOMEM)";
            case 13 -> "permission denied (EACCES)";
            case 19 -> "no such device (ENODEV)";
            case 22 -> "invalid argument (EINVAL)";
            case 23 -> "too many open files in the system (ENFILE)";
            case EMFILE -> "too many open files (EMFILE)";
            case 28 -> "no space left (ENOSPC)";
            case EPIPE -> "broken pipe (EPIPE)";
            case ENOTSOCK -> "socket operation on non-socket (ENOTSOCK)";
            case EMSGSIZE -> "message too long (EMSGSIZE)";
            case 91 -> "protocol wrong type for socket (EPROTOTYPE)";
            case 97 -> "address family not supported (EAFNOSUPPORT)";
            case EADDRINUSE -> "address already in use (EADDRINUSE)";
            case 99 -> "cannot assign requested address (EADDRNOTAVAIL)";
            case 100 -> "network is down (ENETDOWN)";
            case 101 -> "network is unreachable (ENETUNREACH)";
            case 103 -> "software caused connection abort (ECONNABORTED)";
            case ECONNRESET -> "connection reset by peer (ECONNRESET)";
            case 105 -> "no buffer space available (ENOBUFS)";
            case ENOTCONN -> "not connected (ENOTCONN)";
            case 110 -> "connection timed out (ETIMEDOUT)";
            case ECONNREFUSED -> "connection refused (ECONNREFUSED)";
            case 112 -> "host is down (EHOSTDOWN)";
            case 113 -> "no route to host (EHOSTUNREACH)";
            default -> "error " + number;
        };
    }
}
