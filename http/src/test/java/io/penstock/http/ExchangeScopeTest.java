package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Scope;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An exchange is a scope: what its handler opens ends with it, or goes elsewhere on purpose. */
class ExchangeScopeTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops = Loops.open();
    private final Connector connector = Connector.of(loops);
    private final Pool pool = Pool.of(connector);
    private final List<Connection> opened = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        pool.close();
        loops.close(Duration.ZERO);
    }

    private List<Integer> answers(int requests, Handler handler) throws Exception {
        var statuses = new ArrayList<Integer>();
        try (var server = HttpServer.listen(loops, ANY_PORT, handler);
                var client = java.net.http.HttpClient.newHttpClient()) {
            int port = ((InetSocketAddress) server.address()).getPort();
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                    .version(java.net.http.HttpClient.Version.HTTP_1_1)
                    .timeout(Duration.ofSeconds(20))
                    .build();
            for (int i = 0; i < requests; i++) {
                statuses.add(client.send(request, HttpResponse.BodyHandlers.ofString())
                        .statusCode());
            }
        }
        return statuses;
    }

    private Listener peer() throws Exception {
        return Listener.open(loops, ANY_PORT, connection -> connection.receiveAll());
    }

    @Test
    void whatAHandlerLeavesOpenEndsWithItsExchange() throws Exception {
        try (var peer = peer()) {
            assertThat(answers(3, exchange -> {
                        assertThat(opened).noneMatch(Connection::isOpen);
                        opened.add(connector.connect(peer.address()));
                        exchange.respond(200, "left one open\n");
                    }))
                    .containsExactly(200, 200, 200);
        }
        await().untilAsserted(() -> assertThat(opened).hasSize(3).noneMatch(Connection::isOpen));
        assertThat(loops.abandoned()).isEqualTo(3);
    }

    @Test
    void soDoesWhatAFailingOneLeavesOpen() throws Exception {
        try (var peer = peer()) {
            assertThat(answers(1, exchange -> {
                        opened.add(connector.connect(peer.address()));
                        throw new IllegalStateException("on purpose");
                    }))
                    .containsExactly(500);
        }
        await().untilAsserted(() -> assertThat(opened).hasSize(1).noneMatch(Connection::isOpen));
    }

    @Test
    void whatIsGivenBackOrTransferredDoesNot() throws Exception {
        try (var peer = peer()) {
            assertThat(answers(2, exchange -> {
                        if (opened.isEmpty()) {
                            opened.add(connector.connect(peer.address()).transfer(Scope.PROCESS));
                        }
                        pool.connect(peer.address()).release(KeepAlive.DEFAULT);
                        assertThat(opened.getFirst().isOpen()).isTrue();
                        exchange.respond(200, "none left open\n");
                    }))
                    .containsExactly(200, 200);
            assertThat(opened.getFirst().isOpen()).isTrue();
            opened.getFirst().abort();
        }
        assertThat(loops.abandoned()).isZero();
    }
}
