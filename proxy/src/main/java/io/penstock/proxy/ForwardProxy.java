package io.penstock.proxy;

import io.penstock.http.RequestHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Timeouts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the clients of a listener may reach by CONNECT. The addresses behind a name are looked at while it is dialled: what is looked at is
 * what is connected to.
 */
final class ForwardProxy {
    private final ConnectOptions options;
    private final Connector connector;
    private final Connector careful;

    /** Why an address was not dialled; the cause of a failure to resolve. */
    private static final class Forbidden extends Exception {
        private static final long serialVersionUID = 1L;

        Forbidden(InetAddress inside) {
            super(inside.getHostAddress());
        }
    }

    ForwardProxy(ConnectOptions options, Loops loops) {
        this.options = options;
        var dialling = ConnectorOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withConnect(options.timeout()));
        this.connector = Connector.of(loops, dialling);
        this.careful = options.internal()
                ? connector
                : Connector.of(loops, dialling.withResolver(new OutsideOnly(Resolver.of(loops))));
    }

    /** Where a CONNECT leads to; throws {@link IllegalArgumentException} when that cannot be. */
    static InetSocketAddress targetOf(RequestHead request) {
        String target = request.target();
        int colon = target.lastIndexOf(':');
        return (InetSocketAddress)
                Endpoint.of(target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)))
                        .address();
    }

    /** Whether it is in the list. */
    boolean lists(InetSocketAddress target) {
        return options.allow().stream().anyMatch(each -> each.covers(target));
    }

    /** Whether it is an address of the inside that is not itself in the list. */
    boolean leadsInside(InetSocketAddress target) {
        return !options.internal()
                && !target.isUnresolved()
                && InternalAddresses.contain(target.getAddress())
                && options.allow().stream().noneMatch(each -> each.names(target));
    }

    /** Dials what a client has asked for. */
    Connection dial(InetSocketAddress target) throws ConnectionException {
        return careful.connect(target);
    }

    /** Dials what a plugin has chosen, wherever that is. */
    Connection dialAnything(SocketAddress address) throws ConnectionException {
        return connector.connect(address);
    }

    /** The address of the inside to which the name of a target that is listed leads, if that is why it was not dialled; or null. */
    static @Nullable String inside(ConnectionException failure) {
        return failure.getCause() instanceof Forbidden forbidden ? forbidden.getMessage() : null;
    }

    /** Finds only addresses of the outside. */
    private record OutsideOnly(Resolver all) implements Resolver {
        @Override
        public List<InetAddress> resolve(String host) throws ConnectionException {
            List<InetAddress> found = all.resolve(host);
            List<InetAddress> outside = outside(found);
            if (outside.isEmpty()) throw forbidden(host, found.getFirst());
            return outside;
        }

        @Override
        public void resolve(String host, Consumer<List<InetAddress>> found) throws ConnectionException {
            var any = new boolean[1];
            var inside = new AtomicReference<@Nullable InetAddress>();
            all.resolve(host, addresses -> {
                List<InetAddress> outside = outside(addresses);
                if (outside.isEmpty()) {
                    if (!addresses.isEmpty()) inside.compareAndSet(null, addresses.getFirst());
                    return;
                }
                any[0] = true;
                found.accept(outside);
            });
            InetAddress first = inside.get();
            if (!any[0] && first != null) throw forbidden(host, first);
        }

        private static List<InetAddress> outside(List<InetAddress> addresses) {
            return addresses.stream()
                    .filter(each -> !InternalAddresses.contain(each))
                    .toList();
        }

        private static ConnectionException forbidden(String host, InetAddress inside) {
            return ConnectionException.of(
                    Reason.UNRESOLVED,
                    Phase.RESOLVE,
                    null,
                    host + " has internal addresses only",
                    new Forbidden(inside));
        }
    }
}
