package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a client ends where two ends meet. */
class ClientEndTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final Recorder told = new Recorder();
    private ServerSocket server;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private Client connect(ClientOptions options, Recorder handler) {
        Client client = Client.of(loops, options, handler);
        client.connect(server.getLocalSocketAddress());
        return client;
    }

    @Test
    void anAnswerThatComesDuringAPauseBehindTheEndOfTheQuestionIsTold() throws Exception {
        var closed = new CompletableFuture<Void>();
        told.connected = it -> {
            it.pause();
            it.send("ask");
            it.shutdownOutput();
            ((StreamSession) it.used()).connection().whenClosed(() -> closed.complete(null));
        };
        Client client = connect(ClientOptions.DEFAULT, told);
        try (Socket peer = server.accept()) {
            assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("ask");
            peer.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
        }
        closed.get(10, TimeUnit.SECONDS);
        assertThat(told.events).containsExactly("connect");
        client.resume();
        told.awaitLast();
        assertThat(told.text()).isEqualTo("answer");
        assertThat(told.events).containsExactly("connect", "receive", "end", "close PEER_ENDED");
        assertThat(told.end.failure()).isNull();
    }

    @Test
    void whatWasTakenOverIsNotAborted() throws Exception {
        var taken = new CompletableFuture<Connection>();
        told.connected = it -> {
            Connection connection = it.takeOver();
            connection.transfer(io.penstock.net.Scope.PROCESS);
            taken.complete(connection);
        };
        Client client = connect(ClientOptions.DEFAULT, told);
        try (Socket _ = server.accept()) {
            told.awaitLast();
            assertThat(client.abort()).isFalse();
            assertThat(taken.get().isOpen()).isTrue();
            taken.get().abort();
        }
    }

    @Test
    void anAbortIsAResetWhateverTheClientIsAt() throws Exception {
        try (var pool = Pool.of(Connector.of(loops))) {
            for (int i = 0; i < 50; i++) {
                var each = new Recorder();
                Client client = connect(ClientOptions.DEFAULT.withPool(pool), each);
                try (Socket peer = server.accept()) {
                    each.awaitEvent("connect");
                    client.abort();
                    peer.setSoTimeout(10_000);
                    assertThatThrownBy(() -> peer.getInputStream().read()).hasMessageContaining("reset");
                }
                each.awaitLast();
            }
        }
    }

    @Test
    void anIdleTimeOfCenturiesIsNone() throws Exception {
        told.connected = Client::close;
        connect(ClientOptions.DEFAULT.withIdle(Duration.ofDays(365 * 300)), told);
        try (Socket _ = server.accept()) {
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("connect", "close CLOSED");
    }
}
