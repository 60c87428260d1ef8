package io.penstock.server.config;

import io.penstock.net.Systemd;
import java.util.List;

/** A listening socket that whoever started the program has opened and passed on. */
public sealed interface InheritedSocket extends Place {
    String SYSTEMD = "systemd:";
    String DESCRIPTOR = "fd:";

    /** Descriptors below are the standard streams. */
    int FIRST = 3;

    /** What a socket unit of systemd calls so: {@code FileDescriptorName=}, or else the name of the unit. */
    record Named(String name) implements InheritedSocket {
        @Override
        public List<Integer> among(List<Systemd.Inherited> sockets) {
            return sockets.stream()
                    .filter(socket -> socket.name().equals(name))
                    .map(Systemd.Inherited::descriptor)
                    .toList();
        }

        @Override
        public String toString() {
            return SYSTEMD + name;
        }
    }

    /** A descriptor by its number. */
    record Numbered(int descriptor) implements InheritedSocket {
        @Override
        public List<Integer> among(List<Systemd.Inherited> sockets) {
            return List.of(descriptor);
        }

        @Override
        public String toString() {
            return DESCRIPTOR + descriptor;
        }
    }

    /**
     * The descriptors: several where a socket unit listens at several addresses, none where nobody has passed any by that name.
     *
     * @param sockets what systemd has passed
     */
    List<Integer> among(List<Systemd.Inherited> sockets);

    /** @throws IllegalArgumentException when it can be no name of a socket */
    static InheritedSocket named(String name) {
        if (name.isEmpty() || name.indexOf(':') >= 0) {
            throw new IllegalArgumentException("a socket of systemd has a name, without ':'");
        }
        return new Named(name);
    }

    /** @throws IllegalArgumentException when it is no number, or that of a standard stream */
    static InheritedSocket numbered(String number) {
        int descriptor;
        try {
            descriptor = Integer.parseInt(number);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + number + "' is not the number of a descriptor", e);
        }
        if (descriptor < FIRST) {
            throw new IllegalArgumentException("descriptors that are passed on begin with " + FIRST);
        }
        return new Numbered(descriptor);
    }
}
