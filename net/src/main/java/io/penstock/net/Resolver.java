package io.penstock.net;

import java.net.InetAddress;
import java.util.List;

/**
 * Finds the addresses behind names. Shared freely; its methods park the calling thread.
 *
 * <p>{@snippet :
 * Resolver pinned = host -> List.of(InetAddress.getByName("127.0.0.1"));
 * }
 */
@FunctionalInterface
public interface Resolver {
    /**
     * All addresses of a host, in the order in which they should be tried; at least one.
     *
     * @param host a name, or an address as text, which is its own answer
     * @throws ConnectionException {@code UNRESOLVED} when it has none, {@code TIMEOUT} when nobody answers
     */
    List<InetAddress> resolve(String host) throws ConnectionException;

    /**
     * The places where a service is offered (SRV, RFC 2782), in the order in which they should be tried.
     *
     * @param name such as {@code _redis._tcp.example.com}
     */
    default List<Service> services(String name) throws ConnectionException {
        throw ConnectionException.of(
                ConnectionException.Reason.UNRESOLVED,
                ConnectionException.Phase.RESOLVE,
                null,
                "this resolver does not know about services: " + name,
                null);
    }

    /** A place where a service is offered: a host, its port, and who comes before whom. */
    record Service(String host, int port, int priority, int weight) {}
}
