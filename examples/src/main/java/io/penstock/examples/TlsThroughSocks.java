package io.penstock.examples;

import io.penstock.net.ConnectionException;
import io.penstock.net.Endpoint;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.TlsClient;
import io.penstock.net.Via;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientHandler;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/**
 * Copies its input to a TLS server behind a SOCKS5 proxy, and what the server sends to its output. The proxy resolves the name; the certificate
 * has to be for that name. Shows an {@code Endpoint} that says the way, water marks, and the two ends of a stream.
 *
 * <pre>
 * ssh -N -D 1080 gateway &amp;
 * printf 'HEAD / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n' | java @examples/java.args \
 *     examples/src/main/java/io/penstock/examples/TlsThroughSocks.java 127.0.0.1 1080 example.com 443
 * </pre>
 */
public final class TlsThroughSocks implements ClientHandler {
    private final OutputStream output;
    private final CompletableFuture<Void> opened = new CompletableFuture<>();
    private final CompletableFuture<ClientEnd> ended = new CompletableFuture<>();
    private final Semaphore emptied = new Semaphore(0);

    private TlsThroughSocks(OutputStream output) {
        this.output = output;
    }

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 4) {
            System.err.println("usage: TlsThroughSocks PROXY PROXY_PORT HOST PORT, and what to send as its input");
            System.exit(2);
        }
        var proxy = InetSocketAddress.createUnresolved(arguments[0], Integer.parseInt(arguments[1]));
        var server = Endpoint.of(arguments[2], Integer.parseInt(arguments[3]))
                .withVia(new Via.Socks5(proxy))
                .withTls(TlsClient.DEFAULT);
        try (var loops = Loops.open()) {
            ClientEnd end = copy(loops, server, System.in, System.out);
            System.err.println("the end: " + end.cause());
        }
    }

    /**
     * Copies in both directions, until the server ends its stream.
     *
     * @throws java.util.concurrent.CompletionException when there is no connection; its cause tells how far it came
     */
    static ClientEnd copy(Loops loops, Endpoint server, InputStream input, OutputStream output) throws Exception {
        var copy = new TlsThroughSocks(output);
        Client client = Client.of(loops, copy);
        client.connect(server);
        copy.opened.join();
        try {
            var piece = new byte[16 * 1024];
            for (int size = input.read(piece); size >= 0; size = input.read(piece)) {
                while (!client.send(piece, 0, size)) copy.emptied.acquire(); // the server takes less than there is
            }
            client.shutdownOutput();
        } catch (IllegalStateException _) {
            // the server has ended before the input
        }
        return copy.ended.join();
    }

    @Override
    public void onConnect(Client client) {
        opened.complete(null);
    }

    @Override
    public void onBufferEmpty(Client client) {
        emptied.release();
    }

    @Override
    public void onReceive(Client client, ByteBuffer some) throws Exception {
        var bytes = new byte[some.remaining()];
        some.get(bytes);
        // who does not read the output holds up the server, but no loop
        Objects.requireNonNull(Loop.current()).offload(() -> {
            output.write(bytes);
            output.flush();
            return true;
        });
    }

    @Override
    public void onError(Client client, ConnectionException failure) {
        opened.completeExceptionally(failure);
    }

    @Override
    public void onClose(Client client, ClientEnd end) {
        ended.complete(end);
        emptied.release(); // who waits for room finds the client closed
    }
}
