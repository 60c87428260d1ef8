package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Headers;
import io.penstock.http.HttpClient;
import io.penstock.http.HttpServer;
import io.penstock.http.RefusedException;
import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code attach/ws}: a container's input and output as messages. */
class AttachedSocketTest {
    private final Loops loops = Loops.open();
    private final Pool pool = Pool.of(Connector.of(loops));
    private final Engine engine = new Engine();
    private final HttpServer server;

    AttachedSocketTest() throws Exception {
        server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), new Api(engine));
    }

    @AfterEach
    void close() {
        engine.close();
        server.close();
        pool.close();
        loops.close();
    }

    private Job container(String... words) throws Exception {
        Job job = engine.create("c1", new Json(Map.of("Cmd", List.of(words), "OpenStdin", true)))
                .job();
        job.start();
        return job;
    }

    private WebSocket attach(String query, String... headers) throws IOException {
        String url = "ws://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort()
                + "/v1.50/containers/c1/attach/ws?" + query;
        return WebSocket.connect(HttpClient.of(pool), url, Headers.of(headers), WebSocketOptions.DEFAULT);
    }

    /** The output as it comes, until all of these are in it: what goes two ways has no order. */
    private static String receive(WebSocket socket, String... wanted) throws ConnectionException {
        var output = new StringBuilder();
        while (!Stream.of(wanted).allMatch(each -> output.indexOf(each) >= 0)) {
            if (!(socket.receive() instanceof Message.Binary(byte[] bytes)))
                throw new AssertionError(output.toString());
            output.append(new String(bytes, UTF_8));
        }
        return output.toString();
    }

    @Test
    void whatIsTypedIsReadAndWhatIsWrittenIsShown() throws Exception {
        container("sh", "-c", "echo before; while read line; do echo \"got $line\"; echo error >&2; done");
        try (var socket = attach("logs=1&stdin=1&stdout=1&stream=1")) {
            assertThat(receive(socket, "before\n")).isEqualTo("before\n");
            socket.send("a text\n");
            receive(socket, "got a text\n", "error\n"); // never multiplexed
            socket.send("bytes\n".getBytes(UTF_8));
            receive(socket, "got bytes\n", "error\n");
        }
    }

    @Test
    void theEndOfTheContainerClosesIt() throws Exception {
        container("sh", "-c", "read line; echo last");
        try (var socket = attach("stdin=1&stream=1")) {
            socket.send("x\n");
            assertThat(receive(socket, "last\n")).isEqualTo("last\n");
            assertThat(socket.receive()).isEqualTo(new Message.Close(CloseCode.NORMAL, "it has ended"));
        }
    }

    @Test
    void whoLeavesIsLetGoAndTheContainerGoesOn() throws Exception {
        Job job = container("sh", "-c", "while read line; do echo $line; done");
        attach("stdin=1&stream=1").close(); // waits for the engine to close as well, while the container says nothing
        attach("stdin=1&stream=1").connection().abort();
        await().until(() -> server.takenOver() == 0);
        assertThat(job.isRunning()).isTrue();
        try (var socket = attach("stdin=1&stream=1")) {
            socket.send("still there\n");
            assertThat(receive(socket, "\n")).isEqualTo("still there\n");
        }
    }

    @Test
    void pagesOfOthersAreNotAttached() throws Exception {
        container("cat");
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> attach("stdin=1&stream=1", "Origin", "http://evil.example"))
                .satisfies(e -> assertThat(e.answer().status()).isEqualTo(403));
        attach("", "Origin", "http://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort())
                .close();
    }
}
