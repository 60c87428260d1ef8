package io.penstock.http.websocket.internal;

import io.penstock.http.Handler;
import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Scope;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/** Handlers that run a session for each WebSocket, and end it. */
public final class Sessions {
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
        } finally {
            if (socket.connection().scope() == ours) socket.close(code, "");
        }
    }

    private Sessions() {}
}
