package io.penstock.net;

import java.net.SocketAddress;
import java.util.Locale;

/**
 * A service whose places are found by asking for its SRV records (RFC 2782) when it is dialled. Immutable.
 *
 * <p>Its text is the name: {@code _redis._tcp.example.com}.
 */
public final class ServiceAddress extends SocketAddress {
    private static final long serialVersionUID = 1L;

    private final String name;

    private ServiceAddress(String name) {
        this.name = name;
    }

    /** @param name {@code _service._protocol.domain} */
    public static ServiceAddress of(String name) {
        String[] labels = name.split("\\.", 3);
        if (labels.length < 3 || !labels[0].startsWith("_") || !labels[1].startsWith("_")) {
            throw new IllegalArgumentException("a service is named like _redis._tcp.example.com, not \"" + name + "\"");
        }
        Host.requireName(labels[2]);
        return new ServiceAddress(name.toLowerCase(Locale.ROOT));
    }

    public String name() {
        return name;
    }

    /** The domain that offers the service, for which its TLS certificate has to be (RFC 6125 §6.2.1). */
    public String domain() {
        return name.split("\\.", 3)[2];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ServiceAddress address && address.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
