package io.penstock.proxy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Listener;
import io.penstock.net.Loop;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.NetEvent;
import io.penstock.net.internal.StreamConnection;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

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
    private final Transaction transaction;
    private final Loop loop;
    private final Timeouts timeouts;
    private boolean contacted;
    private volatile boolean failed;

    Intercept(Role role, String plugin, Style style, Transaction transaction, Timeouts timeouts) {
        this.role = role;
        this.plugin = plugin;
        this.style = style;
        this.transaction = transaction;
        this.loop = transaction.exchange().connection().loop();
        this.timeouts = timeouts;
    }

    /** Whether it is in the place of everything behind the client, and not only of the origin. */
    boolean isServer() {
        return role == Role.SERVER;
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

    /** Whether what it has thrown is in the log, and the reason why there is no answer. */
    boolean hasFailed() {
        return failed;
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
            case Style.Told(var continuation) ->
                continuation.tell(new Telling(new NetEvent.Accepted(theirs), theirs), loop);
        }
        return ours;
    }

    /** An event on its way: what the handler throws ends the connection, as it does in blocking style. */
    private final class Telling implements Continuation.Delivery {
        private final NetEvent event;
        private final @Nullable Connection connection;

        Telling(NetEvent event, @Nullable Connection connection) {
            this.event = event;
            this.connection = connection;
        }

        @Override
        public Event begin() {
            return event;
        }

        @Override
        public void failed(Event told, Throwable cause) {
            if (connection == null || !isItsOwn(cause, connection)) thrown(cause);
            if (connection != null) connection.abort();
        }
    }

    private void thrown(Throwable cause) {
        failed = true;
        transaction.log(new PluginFailure(plugin, "its intercept", cause));
    }

    /** Whether that is how its connection has ended, which is no failure of the plugin. */
    private static boolean isItsOwn(Throwable cause, Connection connection) {
        return cause instanceof ConnectionException lost && ((StreamConnection) connection).isPeer(lost.peer());
    }

    /** Ends as it does for a connection that a {@link Listener} accepts. */
    private void serve(Listener.Handler handler, Connection connection) throws ConnectionException {
        try (Scope scope = Scope.open("intercept")) {
            connection.transfer(scope);
            boolean inOrder = true;
            try {
                handler.handle(connection);
            } catch (Throwable e) {
                boolean own = isItsOwn(e, connection);
                inOrder = own && ((ConnectionException) e).reason() == Reason.EOF; // reads until there is nothing more
                if (!own) thrown(e);
            }
            if (connection.scope() != scope) return;
            if (inOrder) {
                connection.close();
            } else {
                connection.abort();
            }
        }
    }

    /** One exchange is all that it is for; behind it the plugin sees the end, once it has taken what it was sent. */
    @Override
    public void done(Connection connection, boolean reusable) {
        connection.transfer(Scope.PROCESS);
        // it may have answered without taking all of the request, and need not ever; the client waits for neither
        loop.spawn("end of intercept by " + plugin, connection::close);
    }

    /** The transaction is over: who was never asked is told so. */
    void end() {
        if (contacted || !(style instanceof Style.Told(var continuation))) return;
        var cause = ConnectionException.of(
                Reason.CLOSED,
                ConnectionException.Phase.CONNECT,
                null,
                "transaction " + transaction.id() + " was answered without plugin " + plugin,
                null);
        continuation.tell(new Telling(new NetEvent.AcceptFailed(cause), null), loop);
    }
}
