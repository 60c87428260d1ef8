package io.penstock.http.websocket.internal;

import io.penstock.http.Handler;
import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.ConnectionException;
import io.penstock.net.Scope;
import io.penstock.net.internal.StreamConnection;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handlers that run a session for each WebSocket, and end it. */
public final class Sessions {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocket.class);

    public static Handler handler(WebSocketOptions options, WebSocket.Session session) {
        return exchange -> {
            WebSocket socket = WebSocket.accept(exchange, options).orElse(null);
            if (socket == null) return;
            // one that is transferred, and that nobody has any more, is to be found and closed
            var opened = new WeakReference<>(socket);
            exchange.onShutdown(() -> leave(opened.get()));
            run(socket, session);
        };
    }

    private static void leave(@Nullable WebSocket socket) {
        if (socket != null) socket.close(CloseCode.GOING_AWAY, "");
    }

    private static void run(WebSocket socket, WebSocket.Session session) throws Exception {
        Scope ours = socket.connection().scope();
        int code = CloseCode.INTERNAL_ERROR;
        try {
            session.run(socket);
            code = CloseCode.NORMAL;
        } catch (Throwable e) {
            if (socket.connection().scope() == ours && socket.connection().isOpen() && !isPeers(socket, e)) {
                LOG.info("{}: its session failed, and it is closed with {}: {}", socket, code, e.toString());
            }
            throw e;
        } finally {
            if (socket.connection().scope() == ours) socket.close(code, "");
        }
    }

    /** Whether it is the client that has failed, and has been told why where that could be. */
    private static boolean isPeers(WebSocket socket, Throwable failure) {
        return failure instanceof ConnectionException lost
                && ((StreamConnection) socket.connection()).isPeer(lost.peer());
    }

    private Sessions() {}
}
