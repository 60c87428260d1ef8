package io.penstock.net;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the addresses behind names. Shared freely; its methods park the calling thread.
 *
 * <p>{@snippet :
 * Resolver pinned = host -> List.of(InetAddress.getByName("127.0.0.1"));
 * }
 */
@FunctionalInterface
public interface Resolver {
    /** The resolver that connectors of these loops use when they are not given another: as {@link ResolverOptions#system()} has it. */
    static Resolver of(Loops loops) {
        return ((io.penstock.net.internal.NettyLoops) loops).resolver();
    }

    /**
     * A resolver that looks into the hosts file, then into its cache, then asks name servers: for both families at once, over UDP, and
     * over TCP when an answer was cut. {@code localhost} is always this machine.
     *
     * <p>Its failures name the server and what it said. Reads the hosts file in this call.
     */
    static Resolver of(Loops loops, ResolverOptions options) {
        return io.penstock.net.internal.DnsResolver.of(loops, options);
    }

    /** The JDK's: whatever the operating system is configured to do, but without SRV, without a timeout, and a thread for each question. */
    static Resolver jdk(Loops loops) {
        return new io.penstock.net.internal.JdkResolver(loops);
    }

    /**
     * All addresses of a host, in the order in which they should be tried; at least one.
     *
     * @param host a name, or an address as text, which is its own answer
     * @throws ConnectionException {@code UNRESOLVED} when it has none, {@code TIMEOUT} when nobody answers
     */
    List<InetAddress> resolve(String host) throws ConnectionException;

    /**
     * Finds the addresses of a host and hands over what is known as soon as it is, so that dialling may begin while the answer for the
     * other family is still under way; returns when there is no more. By default all at once.
     *
     * @param found called once for each answer, on any thread, never twice at the same time
     */
    default void resolve(String host, Consumer<List<InetAddress>> found) throws ConnectionException {
        found.accept(resolve(host));
    }

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
