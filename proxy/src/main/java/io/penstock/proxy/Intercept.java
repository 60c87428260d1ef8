package io.penstock.proxy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Listener;
import io.penstock.net.Loop;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.NetEvent;
import java.net.SocketAddress;

/** A plugin in the place of a server: it gets one end of an in-memory pair as if a client had come, and speaks HTTP on it. */
final class Intercept implements Destination {
    /** Whose place it takes. */
    enum Role {
        /** That of everything behind the client. */
        SERVER,
        /** That of the origin. */
        ORIGIN
    }

    /** The two styles of a server. */
    sealed interface Style {
        /** Is given the connection on a thread of its own. */
        record Blocking(Listener.Handler handler) implements Style {}

        /** Is told of the connection, or that there will be none. */
        record Told(Continuation continuation) implements Style {}
    }

    /** Such a plugin, where logs and failures name an origin. */
    private static final class Place extends SocketAddress {
        private static final long serialVersionUID = 1L;
        private final String plugin;

        Place(String plugin) {
            this.plugin = plugin;
        }

        @Override
        public String toString() {
            return "plugin " + plugin;
        }
    }

    private final Role role;
    private final String plugin;
    private final Style style;
    private final Loop loop;
    private final Timeouts timeouts;
    private boolean contacted;

    /** @param loop that of the transaction */
    Intercept(Role role, String plugin, Style style, Loop loop, Timeouts timeouts) {
        this.role = role;
        this.plugin = plugin;
        this.style = style;
        this.loop = loop;
        this.timeouts = timeouts;
    }

    Role role() {
        return role;
    }

    String plugin() {
        return plugin;
    }

    SocketAddress place() {
        return new Place(plugin);
    }

    boolean isContacted() {
        return contacted;
    }

    @Override
    public Connection connect(SocketAddress origin, boolean fresh) {
        contacted = true;
        Connection.Pair pair = Connection.pair(loop, loop);
        Connection ours = pair.first();
        ours.timeouts(timeouts);
        Connection theirs = pair.second().transfer(Scope.PROCESS); // it may outlive the transaction
        switch (style) {
            case Style.Blocking(var handler) -> loop.spawn("intercept by " + plugin, () -> serve(handler, theirs));
            case Style.Told(var continuation) -> continuation.tell(new NetEvent.Accepted(theirs), loop);
        }
        return ours;
    }

    /** Ends as it does for a connection that a {@link Listener} accepts. */
    private static void serve(Listener.Handler handler, Connection connection) throws Exception {
        try (Scope scope = Scope.open("intercept")) {
            connection.transfer(scope);
            boolean inOrder = false;
            try {
                handler.handle(connection);
                inOrder = true;
            } catch (ConnectionException e) {
                inOrder = e.reason() == Reason.EOF; // reads until there is nothing more
                throw e;
            } finally {
                if (!inOrder && connection.scope() == scope) connection.abort();
            }
            if (connection.scope() == scope) connection.close();
        }
    }

    /** One exchange is all that it is for; behind it the plugin sees the end. */
    @Override
    public void done(Connection connection, boolean reusable) {
        try {
            connection.close();
        } catch (ConnectionException _) {
            // the plugin has answered without taking all of the request, which is its own business
        }
    }

    /** The transaction is over: who was never asked is told so. */
    void end(long transaction) {
        if (contacted || !(style instanceof Style.Told(var continuation))) return;
        var cause = ConnectionException.of(
                Reason.CLOSED,
                ConnectionException.Phase.CONNECT,
                null,
                "transaction " + transaction + " was answered without plugin " + plugin,
                null);
        continuation.tell(new NetEvent.AcceptFailed(cause), loop);
    }
}
