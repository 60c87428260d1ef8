package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.testkit.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's end of a connection, in memory unless said otherwise, whose other end is served. */
final class Served implements AutoCloseable {
    private final Connection client;
    private final @Nullable Listener listener;
    private final CompletableFuture<Boolean> left = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

    private Served(Connection client, @Nullable Listener listener) {
        this.client = client;
        this.listener = listener;
    }

    /** The same over a socket. */
    static Served overTcp(Loops loops, HttpService service) throws ConnectionException {
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Listener listener = Listener.open(loops, anyPort, service.idleTimeouts(), service::serve);
        return new Served(Connector.of(loops).connect(listener.address()), listener);
    }

    static Served by(Loop loop, HttpServerOptions options, Handler handler) {
        return by(loop, new HttpService(options, handler));
    }

    static Served by(Loop loop, HttpService service) {
        Connection.Pair pair = Connection.pair(loop, loop);
        var served = new Served(pair.first(), null);
        loop.spawn("served", () -> served.run(service, pair.second()));
        return served;
    }

    private void run(HttpService service, Connection connection) {
        try {
            service.serve(connection, () -> ended.complete(null));
            left.complete(true);
        } catch (Throwable e) {
            left.complete(e instanceof ConnectionException);
        }
    }

    Connection client() {
        return client;
    }

    Served send(String text) throws ConnectionException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try {
            client.send(bytes);
            client.flush();
        } catch (ConnectionException e) {
            // the server may have answered and gone: what it answered is what counts
            if (e.reason() != ConnectionException.Reason.RESET) throw e;
        }
        return this;
    }

    /** Sends the text in pieces that each arrive by themselves. */
    Served sendInPieces(String text, int size) throws ConnectionException {
        for (int at = 0; at < text.length(); at += size) send(text.substring(at, Math.min(text.length(), at + size)));
        return this;
    }

    /** Everything the server sends until it ends the connection. */
    String receiveAll() throws ConnectionException {
        return new String(client.receiveAll(), StandardCharsets.ISO_8859_1);
    }

    /** Exactly as much of the answer as there is text expected. */
    String receive(int size) throws ConnectionException {
        return new String(client.receive(size), StandardCharsets.ISO_8859_1);
    }

    /** One answer with a Content-Length, head and body, the date taken out. */
    String receiveAnswer() throws ConnectionException {
        var answer = new StringBuilder();
        int length = 0;
        for (String line = client.receiveLine(); !line.isEmpty(); line = client.receiveLine()) {
            if (line.startsWith("Content-Length: ")) length = Integer.parseInt(line.substring(16));
            if (!line.startsWith("Date: ")) answer.append(line).append('\n');
        }
        return answer.append('\n').append(receive(length)).toString();
    }

    /** Waits until the server has let go of its end, sending nothing more; whether it did so without an unexpected failure. */
    boolean awaitEnd() throws Exception {
        client.shutdownOutput();
        if (listener != null) return Await.within(Await.LIMIT, () -> listener.connections() == 0);
        ended.get(10, TimeUnit.SECONDS);
        return left.get(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        client.abort();
        if (listener != null) listener.close();
    }
}
