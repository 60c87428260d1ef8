package io.penstock.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.http.internal.HttpService;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/**
 * Any bytes, cut anywhere, come to a server: it must answer with well-formed responses only, end the connection when the client has ended
 * its side, let no exception escape, and leak nothing.
 */
class ServerBytesFuzzTest {
    /** What a client waits for the end of the connection: far more than the server's own limits add up to. */
    private static final Duration HANG = Duration.ofSeconds(5);

    private static final ListAppender<ILoggingEvent> ERRORS = new ListAppender<>();

    /** The methods of the requests that were answered; an answer to HEAD has no body, whatever its head says. */
    private static final Queue<String> ASKED = new ConcurrentLinkedQueue<>();

    private static final Duration LIMIT = Duration.ofMillis(500);
    private static final Loops LOOPS =
            Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO));
    private static final HttpService SERVICE = new HttpService(
            HttpServerOptions.DEFAULT.withTimeouts(LIMIT, LIMIT, LIMIT, LIMIT).withBody(1 << 16, 1024),
            ServerBytesFuzzTest::answer);

    @BeforeAll
    static void listenForErrors() {
        var root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        ERRORS.start();
        root.addAppender(ERRORS);
    }

    @AfterAll
    static void stop() {
        LOOPS.close();
    }

    /** A handler for each way of treating a body: not at all, in part, whole, and sent back while it comes. */
    private static void answer(Exchange exchange) throws IOException {
        ASKED.add(exchange.request().method());
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
        ASKED.clear();
        byte[] output = exchange(input, Math.min(cut, input.length));
        Answers.requireWellFormed(input, ASKED, output);
        if (!ERRORS.list.isEmpty()) throw new AssertionError("the server logged: " + ERRORS.list);
    }

    private static byte[] exchange(byte[] input, int cut) throws ConnectionException {
        var ends = Connection.pair(LOOPS.next(), LOOPS.next());
        LOOPS.next().spawn("server", () -> serve(ends.first()));
        Connection client = ends.second();
        client.timeouts(Timeouts.DEFAULT.withRead(HANG));
        try {
            client.send(input, 0, cut);
            client.flush();
            client.send(input, cut, input.length - cut);
            client.shutdownOutput();
        } catch (ConnectionException e) {
            if (e.reason() != Reason.RESET) throw e;
            // the server has refused what came first and closed; its answer is still to be read
        }
        try {
            return client.receiveAll();
        } catch (ConnectionException e) {
            if (e.reason() != Reason.RESET) throw e; // a timeout above all: the server hangs
            return e.partial(); // an answer that had begun when the body it is made of turned out to be broken
        } finally {
            client.abort();
        }
    }

    private static void serve(Connection connection) throws Exception {
        try {
            SERVICE.serve(connection);
            connection.close();
        } finally {
            connection.abort();
        }
    }
}
