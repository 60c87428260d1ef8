package io.penstock.http.websocket.internal;

import io.penstock.http.Handler;
import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Scope;

/** Handlers that run a session for each WebSocket, and end it. */
public final class Sessions {
    public static Handler handler(WebSocketOptions options, WebSocket.Session session) {
        return exchange -> {
            WebSocket socket = WebSocket.accept(exchange, options).orElse(null);
            if (socket != null) run(socket, session);
        };
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
