package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakeOverEnd;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.testkit.Await;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server, and clients that are bare sockets of the JDK: what counts is which bytes come out of them, and how that ends. */
abstract class WireTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    Loops loops;

    /** What handlers tell the test. */
    final List<String> seen = new CopyOnWriteArrayList<>();

    /** What the server has told of connections that were taken over. */
    final LinkedBlockingQueue<TakeOverEnd> ends = new LinkedBlockingQueue<>();

    @BeforeEach
    void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    }

    @AfterEach
    void close() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    HttpServer serve(Handler handler) throws ConnectionException {
        return serve(HttpServerOptions.DEFAULT, handler);
    }

    HttpServer serve(HttpServerOptions options, Handler handler) throws ConnectionException {
        return HttpServer.listen(loops, ANY_PORT, options, new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                seen.add(exchange.request().method() + " " + exchange.request().target());
                handler.handle(exchange);
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
                ends.add(end);
            }
        });
    }

    TakeOverEnd end() throws InterruptedException {
        TakeOverEnd end = ends.poll(10, TimeUnit.SECONDS);
        assertThat(end).as("the end of a take-over").isNotNull();
        return end;
    }

    static Socket connect(HttpServer server) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) server.address()).getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) Await.LIMIT.toMillis());
        return socket;
    }

    static void send(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static String receive(Socket client, int size) throws IOException {
        return new String(client.getInputStream().readNBytes(size), StandardCharsets.ISO_8859_1);
    }

    /** Everything up to the end of the stream, which must be one and no reset. */
    static String receiveAll(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    static String get(String path, String... fields) {
        return request("GET", path, fields);
    }

    static String request(String method, String path, String... fields) {
        var text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: h\r\n");
        for (String field : fields) text.append(field).append("\r\n");
        return text.append("\r\n").toString();
    }

    static String dateless(String answer) {
        return answer.replaceAll("Date: [^\r]*\r\n", "");
    }

    static String textOf(Connection connection, int size) throws ConnectionException {
        return new String(connection.receive(size), StandardCharsets.ISO_8859_1);
    }

    static String restOf(Connection connection) throws ConnectionException {
        return new String(connection.receiveAll(), StandardCharsets.ISO_8859_1);
    }

    /**
     * Sends the text whole, and cut at every byte, to a handler each: the client receives the same then, dates left out, and the end of the
     * stream.
     */
    void requireEverywhere(String sent, Handler handler, String expected) throws Exception {
        try (var server = serve(handler)) {
            for (int cut = 0; cut < sent.length(); cut++) {
                try (var client = connect(server)) {
                    if (cut > 0) send(client, sent.substring(0, cut));
                    send(client, sent.substring(cut));
                    assertThat(dateless(receiveAll(client)))
                            .as("cut at " + cut + " of " + sent.length())
                            .isEqualTo(expected);
                }
            }
        }
    }
}
