package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayOptions;
import io.penstock.net.RelayOptions.Splice;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream that flows through a relay has a mark, below which nothing stays in the socket for long. */
@Timeout(60)
final class LowWaterMarkTest {
    private static final int NONE = 1;

    private final byte[] piece = new byte[64 * 1024];
    private final AtomicLong received = new AtomicLong();
    private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
    private Loops loops;
    private ServerSocket port;
    private Connection from;
    private Socket source;
    private Socket sink;
    private Relay relay;
    private long sent;

    @BeforeEach
    void relay() throws Exception {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        port = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        var connector = Connector.of(loops);
        from = connector.connect(port.getLocalSocketAddress());
        source = port.accept();
        Connection to = connector.connect(port.getLocalSocketAddress());
        sink = port.accept();
        relay = Relay.between(from, to, RelayOptions.DEFAULT.withSplice(Splice.ALWAYS));
        Thread.ofPlatform().daemon().start(this::receive);
    }

    private void receive() {
        var into = new byte[256 * 1024];
        try {
            for (int count; (count = sink.getInputStream().read(into)) >= 0; ) received.addAndGet(count);
            ended.complete(true);
        } catch (IOException e) {
            ended.completeExceptionally(e);
        }
    }

    @AfterEach
    void end() throws Exception {
        relay.abort();
        source.close();
        sink.close();
        port.close();
        loops.close();
    }

    private int mark() {
        var link = (SocketLink) StreamConnection.of(from).stream().link();
        try {
            return Kernel.intOption(link.descriptor(), Kernel.SOL_SOCKET, LowWaterMark.SO_RCVLOWAT);
        } catch (Errno e) {
            throw new UncheckedIOException(e);
        }
    }

    private void send(int count) throws IOException {
        source.getOutputStream().write(piece, 0, count);
        sent += count;
    }

    /** As long as it takes. */
    private void flow() throws IOException {
        int mark;
        do {
            send(piece.length);
            mark = mark();
        } while (mark == NONE);
        assertThat(mark).isEqualTo(LowWaterMark.PART);
    }

    private void awaitAll() {
        while (received.get() < sent) Thread.onSpinWait();
        assertThat(received.get()).isEqualTo(sent);
    }

    @Test
    void theLastBytesAreFetchedAndTheMarkIsGone() throws Exception {
        assertThat(mark()).isEqualTo(NONE);
        flow();
        send(1000);
        awaitAll();
        while (mark() != NONE) Thread.onSpinWait();
        send(1);
        awaitAll();
    }

    @Test
    void whatComesSlowlyInSpiteOfTheMarkIsFetchedUntilItIsGone() throws Exception {
        flow();
        for (int i = 0; mark() != NONE; i++) {
            send(1 + i % 100);
            awaitAll();
        }
    }

    @Test
    void anAnswerIsNotToWait() throws Exception {
        flow();
        OutputStream back = sink.getOutputStream();
        back.write(1);
        assertThat(source.getInputStream().read()).isEqualTo(1);
        assertThat(mark()).isEqualTo(NONE);
        send(1);
        awaitAll();
    }

    @Test
    void theEndOfTheStreamDoesNotWait() throws Exception {
        flow();
        send(1000);
        source.shutdownOutput();
        assertThat(ended.get()).isTrue();
        assertThat(received.get()).isEqualTo(sent);
    }
}
