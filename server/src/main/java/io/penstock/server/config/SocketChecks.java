package io.penstock.server.config;

import io.penstock.net.Systemd;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What must hold between a configuration and the sockets that the process was started with. */
final class SocketChecks {
    private final Source source;
    private final List<Binder.Bound> bound;
    private final List<Systemd.Inherited> sockets;

    SocketChecks(Source source, List<Binder.Bound> bound, List<Systemd.Inherited> sockets) {
        this.source = source;
        this.bound = bound;
        this.sockets = sockets;
    }

    void run() {
        Map<Integer, Binder.Bound> taken = new HashMap<>();
        for (Binder.Bound address : bound) {
            if (!address.path().equals("listeners[].address")
                    || !(address.value() instanceof InheritedSocket inherited)) {
                continue;
            }
            List<Integer> descriptors = inherited.among(sockets);
            if (descriptors.isEmpty()) {
                source.problem(address.node(), "there is no socket " + inherited + choice(inherited));
            }
            for (int descriptor : descriptors) {
                Binder.Bound first = taken.putIfAbsent(descriptor, address);
                if (first != null && !first.value().equals(inherited)) { // the same name twice is a mistake anywhere
                    source.problem(
                            address.node(),
                            "descriptor " + descriptor + " is taken by the listener on line "
                                    + Source.lineOf(first.node()));
                }
            }
        }
    }

    private String choice(InheritedSocket wanted) {
        if (sockets.isEmpty()) {
            return ": systemd has passed none to this process; start it by a .socket unit";
        }
        var names = sockets.stream()
                .map(Systemd.Inherited::name)
                .map(name -> InheritedSocket.SYSTEMD + name)
                .collect(Collectors.toCollection(TreeSet::new));
        return Nearest.suggest(wanted.toString(), names, "choose from");
    }
}
