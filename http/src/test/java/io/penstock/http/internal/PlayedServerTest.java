package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.ClientExchange;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.internal.StreamConnection;
import io.penstock.testkit.Await;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client's exchange over a connection in memory, whose other end is a server that the test plays by hand. */
abstract class PlayedServerTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    static final RequestHead GET = RequestHead.of("GET", "/", Headers.of("Host", "x"));

    static Loops loops;

    Connection client;
    Connection server;
    ClientExchange exchange;

    @BeforeAll
    static void openLoops() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    }

    @AfterAll
    static void closeLoops() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    @BeforeEach
    void open() {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        client = pair.first();
        server = pair.second();
        exchange = ClientExchange.on(client);
    }

    @AfterEach
    void close() {
        exchange.close();
        ((StreamConnection) client).revoke();
        server.abort();
        assertThat(Await.within(Await.LIMIT, () -> loops.all().getFirst().connections() == 0))
                .isTrue();
    }

    void reply(String text) throws ConnectionException {
        server.send(text.getBytes(StandardCharsets.ISO_8859_1));
        server.flush();
    }
}
