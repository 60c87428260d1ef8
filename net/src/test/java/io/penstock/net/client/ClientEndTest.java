package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void whatThePeerSendsBehindACloseThatFlushedTakesNothingBack() throws Exception {
        byte[] sent = new byte[192 * 1024];
        new Random(6).nextBytes(sent);
        server.close();
        server = new ServerSocket();
        server.setReceiveBufferSize(4096); // so that most of it is still on this side when the client ends
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        told.connected = it -> {
            it.send(sent);
            it.closeAfterFlush();
        };
        connect(
                ClientOptions.DEFAULT.withConnector(
                        ConnectorOptions.DEFAULT.withSocketOption(StandardSocketOptions.SO_SNDBUF, 1 << 20)),
                told);
        try (Socket peer = server.accept()) {
            told.awaitLast();
            peer.getOutputStream().write("still there?".getBytes(StandardCharsets.UTF_8));
            assertThat(peer.getInputStream().readAllBytes()).isEqualTo(sent);
        }
        assertThat(told.events).containsExactly("connect", "close CLOSED");
    }

    @Test
    void whatIsSentTogetherIsAcceptedTogether() throws Exception {
        var options = ClientOptions.DEFAULT.withMarks(1, 2).withLimit(68 * 1024);
        ByteBuffer head = ByteBuffer.wrap("head,".getBytes(StandardCharsets.UTF_8));
        ByteBuffer body = ByteBuffer.allocateDirect(4)
                .put("body".getBytes(StandardCharsets.UTF_8))
                .flip();
        told.connected = it -> {
            assertThat(it.send(head, body)).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> it.send(ByteBuffer.allocate(64 * 1024), ByteBuffer.allocate(8192)));
            it.closeAfterFlush();
        };
        connect(options, told);
        try (Socket peer = server.accept()) {
            assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("head,body");
        }
        told.awaitLast();
        assertThat(head.remaining() + body.remaining()).isZero();
        assertThat(told.events).containsExactly("connect", "close CLOSED");
    }

    @Test
    void aDirectoryIsNoFileToSend(@TempDir Path directory) throws Exception {
        told.connected = it -> {
            assertThatThrownBy(() -> it.sendFile(directory))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining(directory.toString());
            it.close();
        };
        connect(ClientOptions.DEFAULT, told);
        try (Socket _ = server.accept()) {
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("connect", "close CLOSED");
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
