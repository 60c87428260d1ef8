package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The engine's exchanges byte by byte, for those that {@code docker} cannot show. */
class WireTest {
    private static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    private static final String ATTACHED = "{\"Detach\":false,\"Tty\":false}\n";

    private final Loops loops = Loops.open();
    private final Engine engine = new Engine();
    private final HttpServer server;

    WireTest() throws Exception {
        server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), new Api(engine));
    }

    @AfterEach
    void close() {
        engine.close();
        server.close();
        loops.close();
    }

    /** A container that runs, whose input is that of its first client. */
    private Job container(String... words) throws Exception {
        var wanted = new Json(Map.of("Cmd", List.of(words), "OpenStdin", true, "StdinOnce", true));
        Job job = engine.create("c1", wanted).job();
        job.start();
        return job;
    }

    /** The path by which a job with input is started besides. */
    private String exec(String... words) {
        return "/v1.50/exec/" + engine.prepare(new Command(List.of(words), List.of(), new File("."), true, false))
                + "/start";
    }

    private Socket send(String text) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) server.address()).getPort());
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        return socket;
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) head.append((char) in.read());
        return head.toString();
    }

    private static String all(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private static String post(String path, String headers, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: docker\r\n" + headers + "Content-Length: " + body.length()
                + "\r\n\r\n" + body;
    }

    @Test
    void theHeadOfAWaitLeavesAtOnceAndItsBodyAtTheEnd() throws Exception {
        container("sh", "-c", "read x; exit 7");
        try (var waiting = send(
                "POST /v1.50/containers/c1/wait HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")) {
            assertThat(head(waiting.getInputStream()))
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .contains("Transfer-Encoding: chunked\r\n");
            assertThat(waiting.getInputStream().available()).isZero();
            send(post("/v1.50/containers/c1/attach?stdin=1&stream=1", UPGRADE, "") + "go\n")
                    .close();
            assertThat(all(waiting)).isEqualTo("10\r\n{\"StatusCode\":7}\r\n0\r\n\r\n");
        }
    }

    @Test
    void inputRightBehindTheRequestAndItsEndAreTheJobs() throws Exception {
        try (var client = send(post(exec("cat"), UPGRADE, ATTACHED) + "early")) {
            client.shutdownOutput();
            assertThat(head(client.getInputStream()))
                    .startsWith("HTTP/1.1 101 ")
                    .contains("\r\nUpgrade: tcp\r\n", "\r\nConnection: Upgrade\r\n")
                    .contains("\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n")
                    .doesNotContain("Content-Length", "Transfer-Encoding");
            assertThat(all(client)).isEqualTo("\1\0\0\0\0\0\0\5early");
        }
    }

    @Test
    void aClientThatAsksForNoUpgradeHasARawAnswer() throws Exception {
        container("cat");
        try (var client = send(post("/v1.24/containers/c1/attach?stdin=1&stdout=1&stream=1", "", "") + "old")) {
            client.shutdownOutput();
            assertThat(head(client.getInputStream()))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n")
                    .doesNotContain("Content-Length", "Transfer-Encoding", "Connection");
            assertThat(all(client)).isEqualTo("\1\0\0\0\0\0\0\3old");
        }
    }

    @Test
    void whoeverSendsWhatNobodyReadsHasAllOfTheOutput() throws Exception {
        try (var client = send(post(exec("sh", "-c", "head -c 3145728 /dev/zero; exec 1>&-"), UPGRADE, ATTACHED))) {
            var sending = Thread.ofPlatform().start(() -> {
                try {
                    client.getOutputStream().write(new byte[5 << 20]);
                    client.shutdownOutput();
                } catch (IOException e) {
                    throw new AssertionError("the engine must receive all of it", e);
                }
            });
            head(client.getInputStream());
            long received = 0;
            var in = new DataInputStream(client.getInputStream());
            for (int channel = in.read(); channel >= 0; channel = in.read()) {
                assertThat(channel).isEqualTo(Chunk.OUTPUT);
                assertThat(in.readNBytes(3)).containsOnly(0);
                int length = in.readInt();
                assertThat(in.readNBytes(length)).hasSize(length);
                received += length;
            }
            assertThat(received).isEqualTo(3145728);
            sending.join();
        }
    }

    @Test
    void nothingIsStartedTwice() throws Exception {
        String path = exec("true");
        try (var first = send(post(path, UPGRADE, ATTACHED));
                var second = send("")) {
            assertThat(all(first)).startsWith("HTTP/1.1 101 ");
            second.getOutputStream().write(post(path, UPGRADE, ATTACHED).getBytes(ISO_8859_1));
            assertThat(head(second.getInputStream())).startsWith("HTTP/1.1 409 ");
        }
    }

    @Test
    void noProcessIsLeftWhenTheEngineEnds() throws Exception {
        Job job = container("sh", "-c", "sleep 1000; echo never");
        try (var client = send(post("/v1.50/containers/c1/attach?stdin=1&stdout=1&stream=1", UPGRADE, ""))) {
            head(client.getInputStream());
            engine.close();
            assertThat(all(client)).isEmpty();
            assertThat(job.exit().get(10, TimeUnit.SECONDS)).isEqualTo(137);
        }
    }
}
