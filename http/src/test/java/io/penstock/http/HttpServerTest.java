package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server and the client on real sockets. */
class HttpServerTest {
    private Loops loops;
    private Pool pool;
    private HttpClient client;

    @BeforeEach
    void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
        pool = Pool.of(Connector.of(loops));
        client = HttpClient.of(pool);
    }

    @AfterEach
    void close() {
        pool.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private HttpServer listen(Handler handler) throws ConnectionException {
        return HttpServer.listen(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), handler);
    }

    private static int port(HttpServer server) {
        return ((InetSocketAddress) server.address()).getPort();
    }

    private static String url(HttpServer server, String path) {
        return "http://127.0.0.1:" + port(server) + path;
    }

    private static Socket connect(HttpServer server) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port(server));
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String readAll(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void theClientReusesItsConnection() throws Exception {
        try (var server = listen(
                exchange -> exchange.respond(200, "hello " + exchange.request().query() + "\n"))) {
            for (int i = 0; i < 5; i++) {
                String asked = "/?" + i;
                assertThat(onLoop(() -> client.get(url(server, asked)).text())).isEqualTo("hello " + i + "\n");
            }
            assertThat(server.connections()).isEqualTo(1);
            assertThat(pool.stats().reused()).isEqualTo(4);
        }
    }

    @Test
    void bodiesGoBothWays() throws Exception {
        // the client sends all before it receives anything, so the server must not wait for it in the middle
        try (var server = listen(exchange ->
                exchange.respond(ResponseHead.of(200), exchange.body().receiveAll()))) {
            var bytes = new byte[3_000_000];
            for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (i * 31 >>> 3);
            var request = RequestHead.of("POST", url(server, "/"));
            var answer = onLoop(() -> client.send(request, bytes));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(bytes);
        }
    }

    /** Calls from a thread of one loop, whose kept connections are its own. */
    private <T> T onLoop(Callable<T> call) throws Exception {
        var result = new CompletableFuture<T>();
        loops.all().getFirst().spawn("client", () -> {
            try {
                result.complete(call.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result.get(20, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("UDS: a request over a UNIX path works, and whoever asks for addresses gets some")
    void aUnixSocketServesAsWell(@TempDir Path folder) throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("http.sock"));
        Handler handler = exchange -> exchange.respond(
                200,
                exchange.connection().localAddress() + " "
                        + exchange.connection().remoteAddress() + "\n");
        try (var server = HttpServer.listen(loops, address, handler)) {
            assertThat(server.address()).isEqualTo(address);
            var request = RequestHead.of("GET", "/", Headers.of("Host", "localhost"));
            assertThat(client.send(address, request, new byte[0]).text()).isEqualTo(address + " " + address + "\n");
        }
    }

    @Test
    void anAnswerReachesAClientWhoseUploadNobodyReads() throws Exception {
        try (var server = listen(exchange -> exchange.respond(403, "no\n"));
                var socket = connect(server)) {
            send(socket, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
            var upload = Thread.ofPlatform().start(() -> {
                try {
                    OutputStream output = socket.getOutputStream();
                    for (int i = 0; i < 100; i++) output.write(new byte[10_000]);
                } catch (IOException e) {
                    // the server has stopped listening: what counts is the answer
                }
            });
            var reader =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            assertThat(reader.readLine()).isEqualTo("HTTP/1.1 403 Forbidden");
            assertThat(reader.lines()).contains("Connection: close", "no");
            upload.join();
        }
    }

    @Test
    void aClientThatVanishesIsAFailureOfItsHandlerOnly() throws Exception {
        var failure = new CompletableFuture<Throwable>();
        try (var server = listen(exchange -> {
            try {
                exchange.body().receiveAll();
                exchange.respond(200, "unexpected");
            } catch (Throwable e) {
                failure.complete(e);
                throw e;
            }
        })) {
            try (var socket = connect(server)) {
                send(socket, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
            }
            assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(ConnectionException.class);
            await().until(() -> server.connections() == 0);
        }
    }

    @Test
    void drainingEndsIdleConnectionsAndLetsBusyOnesAnswer() throws Exception {
        var entered = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        var server = listen(exchange -> {
            if (exchange.request().path().equals("/busy")) {
                entered.countDown();
                leave.await();
            }
            exchange.respond(200, "done\n");
        });
        try (var idle = connect(server);
                var busy = connect(server)) {
            send(idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(new String(idle.getInputStream().readNBytes(17), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 200 OK");
            send(busy, "GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
            await().until(() -> server.busy() == 1);
            var drained = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(10)));
            assertThat(readAll(idle)).doesNotContain("HTTP/1.1");
            assertThatThrownBy(() -> connect(server).close()).isInstanceOf(IOException.class);
            assertThat(drained).isNotDone();
            leave.countDown();
            assertThat(readAll(busy)).contains("Connection: close").endsWith("done\n");
            busy.close();
            assertThat(drained.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void drainingHasAnEnd() throws Exception {
        var entered = new CountDownLatch(1);
        var forever = new CountDownLatch(1);
        var server = listen(exchange -> {
            entered.countDown();
            forever.await();
        });
        try (var socket = connect(server)) {
            send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(server.drain(Duration.ofMillis(300))).isFalse();
            assertThatThrownBy(() -> {
                        if (socket.getInputStream().read() < 0) throw new IOException("ended");
                    })
                    .isInstanceOf(IOException.class);
        } finally {
            forever.countDown();
        }
    }

    @Test
    void theClientRepeatsWhatIsSafeOnADeadKeptConnectionAndNothingElse() throws Exception {
        var accepted = new AtomicInteger();
        var asked = new AtomicInteger();
        try (var origin = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            // answers one request on each connection; at the second it hangs up without a byte
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        Socket socket = origin.accept();
                        accepted.incrementAndGet();
                        Thread.ofPlatform().daemon().start(() -> {
                            try (socket) {
                                for (int count = 0; readHead(socket); count++) {
                                    asked.incrementAndGet();
                                    if (count == 1) return;
                                    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                                }
                            } catch (IOException e) {
                                // the test is over
                            }
                        });
                    }
                } catch (IOException e) {
                    // the test is over
                }
            });
            String url = "http://127.0.0.1:" + origin.getLocalPort() + "/";
            assertThat(onLoop(() -> {
                        client.get(url);
                        return client.get(url).text();
                    }))
                    .isEqualTo("ok");
            assertThat(asked).hasValue(3);
            assertThat(accepted).hasValue(2);
            assertThatThrownBy(() -> onLoop(() -> {
                        client.get(url);
                        client.get(url);
                        return client.send(RequestHead.of("POST", url), new byte[0]);
                    }))
                    .hasMessageContaining("before it answered");
        }
    }

    private static boolean readHead(Socket socket) throws IOException {
        int matched = 0;
        while (matched < 4) {
            int b = socket.getInputStream().read();
            if (b < 0) return false;
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return true;
    }

    @Test
    void whoHasConnectedToASocketBeforeItWasAdoptedIsAnsweredFirst() throws Exception {
        assumeTrue(loops.transport().equals("epoll"), "descriptors are adopted on Linux");
        var opener = Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), connection -> {});
        int descriptor = opener.detach();
        try (var client =
                new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) opener.address()).getPort())) {
            client.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            try (var server = HttpServer.adopt(loops, descriptor, exchange -> exchange.respond(200, "adopted\n"))) {
                assertThat(server.address()).isEqualTo(opener.address());
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 200 ")
                        .endsWith("adopted\n");
            }
        }
        assertThatThrownBy(() -> HttpServer.adopt(loops, -1, exchange -> {}))
                .isInstanceOfSatisfying(
                        ConnectionException.class,
                        e -> assertThat(e.reason()).isEqualTo(ConnectionException.Reason.INVALID_DESCRIPTOR));
    }
}
