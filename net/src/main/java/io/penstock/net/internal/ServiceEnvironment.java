package io.penstock.net.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.Datagram;
import io.penstock.net.Systemd.Inherited;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** What systemd says to a process by environment variables. */
public record ServiceEnvironment(Map<String, String> variables, long process) {
    private static final int FIRST = 3;
    private static final ServiceEnvironment OF_PROCESS =
            new ServiceEnvironment(System.getenv(), ProcessHandle.current().pid());

    public static ServiceEnvironment ofProcess() {
        return OF_PROCESS;
    }

    /** Whoever is started by a service inherits its variables, but is not meant. */
    public List<Inherited> sockets() {
        if (number("LISTEN_PID") != process) return List.of();
        String[] names = variables.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        var sockets = new ArrayList<Inherited>();
        for (int i = 0; i < number("LISTEN_FDS"); i++) {
            String name = i < names.length && !names[i].isEmpty() ? names[i] : "unknown";
            sockets.add(new Inherited(FIRST + i, name));
        }
        return List.copyOf(sockets);
    }

    private long number(String name) {
        try {
            return Long.parseLong(variables.getOrDefault(name, "-1"));
        } catch (NumberFormatException e) {
            LoggerFactory.getLogger(ServiceEnvironment.class).warn("{} is not a number", name, e);
            return -1;
        }
    }

    public boolean notify(String state) {
        String path = variables.get("NOTIFY_SOCKET");
        if (path == null || path.isEmpty()) return false;
        try {
            send(state.contains("RELOADING=1") ? state + "\nMONOTONIC_USEC=" + System.nanoTime() / 1000 : state, path);
            return true;
        } catch (Errno | IllegalArgumentException e) {
            LoggerFactory.getLogger(ServiceEnvironment.class).warn("{} could not be told {}", path, state, e);
            return false;
        }
    }

    private static void send(String state, String path) throws Errno {
        SocketAddress to =
                path.startsWith("@") ? AbstractUnixAddress.of(path.substring(1)) : UnixDomainSocketAddress.of(path);
        int fd = Kernel.datagramSocket(Kernel.AF_UNIX);
        MessageBatch batch = MessageBatch.borrow();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketName.SIZE);
            Kernel.connect(fd, name, SocketName.write(to, Kernel.AF_UNIX, name));
            var message = List.of(Datagram.of(state.getBytes(UTF_8), null));
            if (batch.send(fd, Kernel.AF_UNIX, message, 0) == 0) throw new Errno("send", Errno.EAGAIN);
        } finally {
            batch.giveBack();
            Kernel.close(fd);
        }
    }
}
