package io.penstock.net;

import java.util.List;
import java.util.Optional;

/**
 * What a program that systemd has started may take from it, and tell it. Without systemd there is nothing to take, and nobody is told.
 *
 * <p>{@snippet :
 * // listens on what the socket unit has opened, or by itself when somebody runs it by hand
 * Optional<Integer> inherited = Systemd.socket("http");
 * Listener listener = inherited.isPresent()
 *         ? Listener.adopt(loops, inherited.get(), handler)
 *         : Listener.open(loops, new InetSocketAddress(8080), handler);
 * Systemd.notify("READY=1");
 * }
 *
 * <p>Answers to {@code sd_listen_fds(3)} and {@code sd_notify(3)}. Any thread.
 */
public final class Systemd {
    private Systemd() {}

    /**
     * A socket that was opened for this process ({@code LISTEN_FDS}); the program's own, who has to adopt it.
     *
     * @param descriptor from 3 on, in the order of the units
     * @param name what {@code FileDescriptorName=} says, else the name of the socket unit; {@code connection} with {@code Accept=yes},
     *     and {@code unknown} where there is no name
     */
    public record Inherited(int descriptor, String name) {}

    /** All sockets that were opened for this process, and not for the one that has started it; each is listed however often it is asked for. */
    public static List<Inherited> sockets() {
        return io.penstock.net.internal.ServiceEnvironment.ofProcess().sockets();
    }

    /** The first socket of that name. */
    public static Optional<Integer> socket(String name) {
        return sockets().stream()
                .filter(each -> each.name().equals(name))
                .map(Inherited::descriptor)
                .findFirst();
    }

    /**
     * Tells systemd how the service is ({@code NOTIFY_SOCKET}): {@code READY=1}, {@code STOPPING=1}, {@code STATUS=...},
     * {@code WATCHDOG=1}; several in lines of their own. {@code RELOADING=1} gets the {@code MONOTONIC_USEC} that belongs to it.
     *
     * @return whether it was told; false where nobody wants to know, or cannot be reached
     */
    public static boolean notify(String state) {
        return io.penstock.net.internal.ServiceEnvironment.ofProcess().notify(state);
    }
}
