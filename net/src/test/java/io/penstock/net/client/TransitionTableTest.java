package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.SilentPeer;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.Via;
import io.penstock.net.client.ClientEnd.Cause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Every cell of the table of states and events: the rows are the states a client can be in, the tests the columns. */
class TransitionTableTest {
    enum State {
        NEW,
        RESOLVING,
        CONNECTING,
        PROXY,
        TLS,
        OPEN,
        PAUSED,
        CLOSED,
        FAILED
    }

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final CountDownLatch answered = new CountDownLatch(1);
    private Recorder told = new Recorder();
    private ServerSocket server;
    private SilentPeer nowhere;
    private Client client;
    private @Nullable Socket peer;
    private volatile Reason unresolved;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setSoTimeout(10_000);
        nowhere = new SilentPeer();
    }

    @AfterEach
    void close() throws IOException {
        answered.countDown();
        client.abort();
        if (peer != null) peer.close();
        nowhere.close();
        server.close();
        loops.close(Duration.ZERO);
    }

    /** Does not answer until the test wants it to. */
    private final Resolver resolver = host -> {
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (unresolved != null) throw ConnectionException.of(unresolved, Phase.RESOLVE, null);
        return List.of(new InetSocketAddress("127.0.0.2", 1).getAddress(), InetAddress.getLoopbackAddress());
    };

    private void reach(State state) throws IOException {
        reach(state, LONG);
    }

    private void reach(State state, Duration within) throws IOException {
        client = Client.of(
                loops,
                ClientOptions.DEFAULT
                        .withFraming(Framing.lengthField(LengthType.UINT16).withMaxPacket(1024))
                        .withConnector(ConnectorOptions.DEFAULT
                                .withResolver(resolver)
                                .withTimeouts(Timeouts.DEFAULT.withConnect(within))),
                told);
        switch (state) {
            case NEW -> {}
            case RESOLVING -> client.connect("named.example", server.getLocalPort());
            case CONNECTING -> client.connect(nowhere.address());
            case PROXY -> {
                client.connect(Endpoint.of("far.example", 80).withVia(new Via.Socks5(server.getLocalSocketAddress())));
                peer = server.accept();
            }
            case TLS -> {
                client.connect(there().withTls(TlsClient.DEFAULT));
                peer = server.accept();
            }
            case OPEN -> begin();
            case PAUSED -> {
                told.connected = Client::pause;
                begin();
            }
            case CLOSED -> {
                begin();
                client.close();
                told.awaitLast();
            }
            case FAILED -> {
                client.connect(Endpoint.of("127.0.0.1", 1));
                told.awaitLast();
            }
        }
    }

    private Endpoint there() {
        return Endpoint.of(server.getLocalSocketAddress());
    }

    private void begin() throws IOException {
        client.connect(there());
        peer = server.accept();
        told.awaitEvent("connect");
    }

    private void send(int... bytes) throws IOException {
        for (int each : bytes) peer.getOutputStream().write(each);
    }

    private void reset() throws IOException {
        peer.setOption(StandardSocketOptions.SO_LINGER, 0);
        peer.close();
    }

    private void assertError(Reason reason, Phase phase) {
        told.awaitLast();
        assertThat(told.events).containsExactly("error " + reason);
        assertThat(told.failure.phase()).isEqualTo(phase);
        assertThat(client.isOpen()).isFalse();
        if (peer != null) assertThat(Peers.ends(peer)).isTrue();
        told.await("nothing is left", () -> loops.all().stream().allMatch(loop -> loop.connections() == 0));
    }

    private void assertClosed(Cause cause) {
        told.awaitLast();
        assertThat(told.last.get()).isEqualTo(1);
        assertThat(told.events).startsWith("connect").endsWith("close " + cause);
        assertThat(client.isOpen()).isFalse();
    }

    // ---- connect()

    @ParameterizedTest
    @EnumSource(names = {"NEW", "CLOSED", "FAILED"})
    void connectBegins(State state) throws IOException {
        reach(state);
        int before = told.events.size();
        client.connect(there());
        peer = server.accept();
        told.await("a connect", () -> told.events.size() > before);
        assertThat(told.events.getLast()).isEqualTo("connect");
    }

    @ParameterizedTest
    @EnumSource(
            names = {"NEW", "CLOSED", "FAILED"},
            mode = Mode.EXCLUDE)
    void connectIsRefused(State state) throws IOException {
        reach(state);
        assertThatThrownBy(() -> client.connect(there()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("connected or connecting");
    }

    // ---- send()

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "PAUSED"})
    void sendIsAccepted(State state) throws IOException {
        reach(state);
        assertThat(client.send("well")).isTrue();
        assertThat(peer.getInputStream().readNBytes(4))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("well");
    }

    @ParameterizedTest
    @EnumSource(
            names = {"OPEN", "PAUSED"},
            mode = Mode.EXCLUDE)
    void sendIsRefused(State state) throws IOException {
        reach(state);
        assertThatThrownBy(() -> client.send("too early, or too late")).isInstanceOf(IllegalStateException.class);
    }

    // ---- close()

    @ParameterizedTest
    @EnumSource(names = {"NEW", "RESOLVING", "CONNECTING", "PROXY", "TLS"})
    void closeOfWhatIsNotOpenIsAnError(State state) throws IOException {
        reach(state);
        assertThat(client.close()).isTrue();
        assertThat(client.close()).isFalse();
        assertError(Reason.CLOSED, Phase.CONNECT);
    }

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "PAUSED"})
    void closeOfWhatIsOpen(State state) throws IOException {
        reach(state);
        assertThat(client.close()).isTrue();
        assertClosed(Cause.CLOSED);
        assertThat(Peers.ends(peer)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"CLOSED", "FAILED"})
    void closeOfWhatHasEndedDoesNothing(State state) throws IOException {
        reach(state);
        assertThat(client.close()).isFalse();
        assertThat(client.closeAfterFlush()).isFalse();
        assertThat(client.abort()).isFalse();
        assertThat(told.last.get()).isEqualTo(1);
    }

    // ---- the deadline

    @Test
    void deadlineWhileResolving() throws IOException {
        reach(State.RESOLVING, SHORT);
        assertError(Reason.TIMEOUT, Phase.RESOLVE);
    }

    @Test
    void deadlineWhileConnecting() throws IOException {
        reach(State.CONNECTING, SHORT);
        assertError(Reason.TIMEOUT, Phase.CONNECT);
    }

    @Test
    void deadlineAtTheProxy() throws IOException {
        reach(State.PROXY, Duration.ofMillis(300));
        assertError(Reason.TIMEOUT, Phase.PROXY);
    }

    @Test
    void deadlineInTheHandshake() throws IOException {
        reach(State.TLS, Duration.ofMillis(300));
        assertError(Reason.TIMEOUT, Phase.TLS);
    }

    @Test
    void silenceIsToldAndEndsNothing() throws IOException {
        client = Client.of(loops, ClientOptions.DEFAULT.withIdle(SHORT), told);
        begin();
        told.await(
                "two times", () -> told.events.stream().filter("idle"::equals).count() >= 2);
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void packetsThatAreThereAreNoSilence() throws IOException {
        client = Client.of(
                loops, ClientOptions.DEFAULT.withFraming(Framing.line()).withIdle(SHORT), told);
        told.packet = it -> slowly();
        begin();
        peer.getOutputStream().write("one\ntwo\nthree\n".getBytes(StandardCharsets.UTF_8));
        told.await("the packets", () -> told.text().endsWith("three"));
        int first = told.events.indexOf("receive");
        assertThat(told.events.subList(first, first + 3)).containsOnly("receive");
        told.await("the silence behind them", () -> told.events.getLast().equals("idle"));
    }

    /** A handler that takes longer than a peer may be silent. */
    private static void slowly() {
        long until = System.nanoTime() + 2 * SHORT.toNanos();
        while (System.nanoTime() < until) LockSupport.parkNanos(until - System.nanoTime());
    }

    @Test
    void whatCannotBeTakenOverSaysWhy() throws Exception {
        client = Client.of(loops, told);
        var said = new CompletableFuture<Throwable>();
        told.connected = it -> {
            it.shutdownOutput();
            said.complete(catchThrowable(it::takeOver));
        };
        begin();
        assertThat(said.get(10, TimeUnit.SECONDS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("client of " + there().address() + " cannot be taken over: its output was shut down");
    }

    // ---- failures on the way

    @Test
    void theNameIsUnknown() throws IOException {
        unresolved = Reason.UNRESOLVED;
        reach(State.RESOLVING);
        answered.countDown();
        assertError(Reason.UNRESOLVED, Phase.RESOLVE);
    }

    @Test
    void theNextAddressIsTried() throws IOException {
        reach(State.RESOLVING);
        answered.countDown(); // and nobody listens at the first
        peer = server.accept();
        told.awaitEvent("connect");
    }

    @Test
    void allAddressesRefuse() throws IOException {
        int port = server.getLocalPort();
        server.close();
        answered.countDown();
        client = Client.of(
                loops, ClientOptions.DEFAULT.withConnector(ConnectorOptions.DEFAULT.withResolver(resolver)), told);
        client.connect("named.example", port);
        assertError(Reason.REFUSED, Phase.CONNECT);
    }

    @Test
    void theProxyRefuses() throws IOException {
        reach(State.PROXY);
        send(5, 0xff);
        assertError(Reason.PROXY, Phase.PROXY);
    }

    @Test
    void theProxyEndsTheStream() throws IOException {
        reach(State.PROXY);
        peer.close();
        told.awaitLast();
        assertThat(told.failure.phase()).isEqualTo(Phase.PROXY);
        assertThat(told.events).hasSize(1);
    }

    @Test
    void theHandshakeFails() throws IOException {
        reach(State.TLS);
        send("this is not TLS at all".chars().toArray());
        assertError(Reason.TLS_HANDSHAKE, Phase.TLS);
    }

    @ParameterizedTest
    @EnumSource(names = {"PROXY", "TLS"})
    void theStreamEndsOnTheWay(State state) throws IOException {
        reach(state);
        assertThat(peer.getInputStream().read()).as("it has begun").isPositive();
        peer.shutdownOutput();
        told.awaitLast();
        assertThat(told.events).hasSize(1);
        assertThat(told.failure.phase()).isEqualTo(Phase.valueOf(state.name()));
    }

    @ParameterizedTest
    @EnumSource(names = {"PROXY", "TLS"})
    void theStreamIsResetOnTheWay(State state) throws IOException {
        reach(state);
        assertThat(peer.getInputStream().read()).as("it has begun").isPositive();
        reset();
        told.awaitLast();
        assertThat(told.events).hasSize(1);
        assertThat(told.failure.phase()).isEqualTo(Phase.valueOf(state.name()));
    }

    // ---- failures of what is open

    @Test
    void thePeerEndsItsStream() throws IOException {
        reach(State.OPEN);
        peer.shutdownOutput();
        assertClosed(Cause.PEER_ENDED);
        assertThat(told.events).containsExactly("connect", "end", "close PEER_ENDED");
        assertThat(told.end.failure()).isNull();
    }

    @Test
    void thePeerEndsItsStreamWithinAPacket() throws IOException {
        reach(State.OPEN);
        send(0, 10, 1);
        peer.shutdownOutput();
        assertClosed(Cause.PEER_ENDED);
        assertThat(((ConnectionException) told.end.failure()).partial()).containsExactly(0, 10, 1);
    }

    @Test
    void thePeerEndsItsStreamDuringAPause() throws IOException {
        reach(State.PAUSED);
        send(0, 3, 'x');
        peer.shutdownOutput();
        client.send("still here");
        assertThat(told.events).containsExactly("connect");
        client.resume();
        assertClosed(Cause.PEER_ENDED);
        assertThat(told.events).containsExactly("connect", "receive", "end", "close PEER_ENDED");
    }

    @Test
    void whatComesIsNoPacket() throws IOException {
        reach(State.OPEN);
        send(0xff, 0xff);
        assertClosed(Cause.PROTOCOL);
        assertThat(told.end.failure()).hasMessageContaining("65535");
    }

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "PAUSED"})
    void aWriteFails(State state) throws IOException {
        reach(state);
        assertThat(client.send(new byte[8 << 20])).isTrue();
        reset();
        assertClosed(Cause.RESET);
        assertThat(told.end.unsent()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"OPEN", "PAUSED"})
    void aReset(State state) throws IOException {
        reach(state);
        send(0, 3, 'x');
        reset();
        assertClosed(Cause.RESET);
        if (state == State.PAUSED) assertThat(told.events).containsExactly("connect", "close RESET");
    }

    @Test
    void theRuntimeHandshakeFails() throws IOException {
        told.packet = it -> it.startTls(TlsClient.DEFAULT, "localhost");
        reach(State.OPEN);
        send(0, 2);
        send("this is not TLS at all".chars().toArray());
        assertClosed(Cause.TLS);
    }

    @Test
    void closeInTheRuntimeHandshake() throws IOException {
        told.packet = it -> it.startTls(TlsClient.DEFAULT, "localhost");
        reach(State.OPEN);
        send(0, 2);
        assertThat(peer.getInputStream().read()).as("a handshake record").isEqualTo(22);
        assertThatThrownBy(() -> client.send("into the handshake")).isInstanceOf(IllegalStateException.class);
        assertThat(client.close()).isTrue();
        assertClosed(Cause.CLOSED);
    }
}
