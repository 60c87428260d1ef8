package io.penstock.net;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the PROXY protocol tells about the client behind a proxy.
 *
 * <p>Source: the PROXY protocol specification of HAProxy, versions 1 and 2.
 *
 * @param version 1 for a line of text, 2 for the binary form
 * @param source the client's address; null for a connection of the proxy's own ({@code UNKNOWN}, {@code LOCAL})
 * @param destination the address that the client connected to; null with {@code source}
 */
public record ProxyHeader(
        int version,
        @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination) {
    public ProxyHeader {
        if (version != 1 && version != 2) {
            throw new IllegalArgumentException("the PROXY protocol has versions 1 and 2, not " + version);
        }
        if ((source == null) != (destination == null)) {
            throw new IllegalArgumentException("a PROXY header has both addresses or none");
        }
        if (source != null && destination != null && (source.isUnresolved() || destination.isUnresolved())) {
            throw new IllegalArgumentException(
                    "a PROXY header has addresses, not names: " + source + ", " + destination);
        }
    }
}
