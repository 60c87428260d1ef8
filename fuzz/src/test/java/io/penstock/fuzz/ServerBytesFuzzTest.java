package io.penstock.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/**
 * Any bytes, cut anywhere, come to a server: it must answer with well-formed responses only, end the connection when the client has ended
 * its side, let no exception escape, and leak nothing.
 */
class ServerBytesFuzzTest {
    /** What a client waits for the end of the connection: far more than the server's own limits add up to. */
    private static final int HANG_MILLIS = 5_000;

    private static final ListAppender<ILoggingEvent> ERRORS = new ListAppender<>();

    private static Loops loops;
    private static HttpServer server;

    @BeforeAll
    static void start() throws IOException {
        BugDetectors.allowNetworkConnections(); // the client is ours: connecting to the server is no finding
        var root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        ERRORS.start();
        root.addAppender(ERRORS);
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO));
        Duration limit = Duration.ofMillis(500);
        HttpServerOptions options = HttpServerOptions.DEFAULT
                .withTimeouts(limit, limit, limit, limit)
                .withBody(1 << 16, 1024);
        server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), options, ServerBytesFuzzTest::answer);
    }

    @AfterAll
    static void stop() {
        server.close();
        loops.close();
    }

    /** A handler for each way of treating a body: not at all, in part, whole, and sent back while it comes. */
    private static void answer(Exchange exchange) throws IOException {
        switch (Math.floorMod(exchange.request().target().length(), 4)) {
            case 0 -> exchange.respond(200, "unread\n");
            case 1 -> {
                exchange.body().peek(3);
                exchange.respond(200, "peeked\n");
            }
            case 2 ->
                exchange.respond(
                        200,
                        Headers.of("Content-Type", "text/plain"),
                        exchange.body().receiveAll());
            default -> exchange.respond(ResponseHead.of(200), exchange.body());
        }
    }

    @FuzzTest(maxDuration = "10m")
    void anyBytesGetWellFormedAnswersAndAnEnd(FuzzedDataProvider data) throws IOException {
        int cut = data.consumeInt(0, 4096);
        byte[] input = data.consumeRemainingAsBytes();
        byte[] output = exchange(input, Math.min(cut, input.length));
        Answers.requireWellFormed(input, output);
        if (!ERRORS.list.isEmpty()) throw new AssertionError("the server logged: " + ERRORS.list);
    }

    private static byte[] exchange(byte[] input, int cut) throws IOException {
        var output = new ByteArrayOutputStream();
        try (var socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(HANG_MILLIS);
            socket.connect(server.address());
            try {
                socket.getOutputStream().write(input, 0, cut);
                socket.getOutputStream().write(input, cut, input.length - cut);
                socket.shutdownOutput();
            } catch (SocketException e) {
                // the server has refused what came first and closed; its answer is still to be read
            }
            socket.getInputStream().transferTo(output);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the server did not end the connection; it has sent " + output, e);
        } catch (SocketException e) {
            // a reset ends a connection, too: the handler had begun an answer that the body could not complete
        }
        return output.toByteArray();
    }
}
