package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.testkit.Call;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests of a client against a server that the test plays: a pool of few connections, and nothing is left open. */
abstract class ClientTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    static final byte[] NOTHING = {};

    Loops loops;
    Pool pool;
    HttpClient client;
    ScriptedServer server;

    @BeforeEach
    void open() throws IOException {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        pool = Pool.of(Connector.of(loops), PoolOptions.DEFAULT.withLimit(2).withBacklog(0));
        client = HttpClient.of(pool);
        server = ScriptedServer.open();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        assertThat(pool.drain(Duration.ofSeconds(10))).isTrue();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    /** Runs on a virtual thread of the loop, while the test plays the server. */
    <T> Call<T> start(Call.Body<T> asking) {
        return Call.start(task -> loops.next().spawn("client", task::run), asking);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
