package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loop;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client's end of an in-memory connection whose other end is served. */
final class Served implements AutoCloseable {
    private final Connection client;
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();

    private Served(Connection client) {
        this.client = client;
    }

    static Served by(Loop loop, HttpServerOptions options, Handler handler) {
        return by(loop, new HttpService(options, handler));
    }

    static Served by(Loop loop, HttpService service) {
        Connection.Pair pair = Connection.pair(loop, loop);
        var served = new Served(pair.first());
        loop.spawn("served", () -> served.run(service, pair.second()));
        return served;
    }

    private void run(HttpService service, Connection connection) throws ConnectionException {
        try {
            service.serve(connection);
            connection.close();
            ended.complete(true);
        } catch (Throwable e) {
            connection.abort();
            ended.complete(e instanceof ConnectionException);
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
        return ended.get(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        client.abort();
    }
}
