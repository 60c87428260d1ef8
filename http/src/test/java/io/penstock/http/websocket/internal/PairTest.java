package io.penstock.http.websocket.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Connection;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.testkit.Await;
import io.penstock.testkit.Call;
import io.penstock.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A WebSocket behind its handshake, and a naive peer at the other end of the connection, in memory. */
abstract class PairTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    static final WebSocketOptions OPTIONS =
            WebSocketOptions.DEFAULT.withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(10));

    Loops loops;
    WebSocket socket;
    Wire peer;
    private final List<Connection> opened = new ArrayList<>();

    @BeforeEach
    void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        server(OPTIONS);
    }

    @AfterEach
    void close() {
        for (Connection each : opened) each.abort();
        boolean allEnded =
                Await.within(Await.LIMIT, () -> loops.all().getFirst().connections() == 0);
        loops.close(Duration.ofSeconds(10));
        assertThat(allEnded).isTrue();
    }

    void server(WebSocketOptions options) {
        open(options, Agreement.PLAIN, false);
    }

    void client(WebSocketOptions options) {
        open(options, Agreement.PLAIN, true);
    }

    void open(WebSocketOptions options, Agreement agreement, boolean client) {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        opened.add(pair.first());
        opened.add(pair.second());
        socket = StreamWebSocket.on(pair.first(), options, agreement, client);
        peer = new Wire(pair.second(), !client);
    }

    /** Does something on a thread of the loop. */
    <T> Call<T> call(Call.Body<T> body) {
        return Call.start(task -> loops.next().spawn("call", task::run), body);
    }
}
