package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsServer.Clients;
import io.penstock.net.TlsSession;
import io.penstock.net.TlsTrust;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Handshakes over a pair, mid-stream, with each engine on each side, in each version: what is agreed on, and each way to fail. */
@ParameterizedClass
@MethodSource("combinations")
class TlsTest {
    private static final Certificates AUTHORITY = Certificates.authority();
    private static final TlsIdentity SERVER = AUTHORITY.identity("localhost", "127.0.0.1");

    static Stream<Arguments> combinations() {
        return Stream.of("TLSv1.3", "TLSv1.2")
                .flatMap(version -> Stream.of(TlsEngine.BORINGSSL, TlsEngine.JDK)
                        .flatMap(client -> Stream.of(TlsEngine.BORINGSSL, TlsEngine.JDK)
                                .map(server -> Arguments.of(version, client, server))));
    }

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final String version;
    private final TlsEngine clientEngine;
    private final TlsEngine serverEngine;
    private final TlsClient client;
    private final TlsServer server;

    private Connection here;
    private Connection there;

    TlsTest(String version, TlsEngine clientEngine, TlsEngine serverEngine) {
        this.version = version;
        this.clientEngine = clientEngine;
        this.serverEngine = serverEngine;
        client = TlsClient.DEFAULT
                .withEngine(clientEngine)
                .withTrust(AUTHORITY.trust())
                .withProtocols(List.of(version));
        server = TlsServer.of(SERVER).withEngine(serverEngine).withProtocols(List.of(version));
        leaks.watch(loops);
    }

    @BeforeEach
    void connect() {
        var pair = Connection.pair(loops.all().getFirst(), loops.all().getLast());
        here = pair.first();
        there = pair.second();
        var patient = Timeouts.of(Await.LIMIT, Await.LIMIT, Await.LIMIT);
        here.timeouts(patient);
        there.timeouts(patient);
    }

    private void abort() {
        here.abort();
        there.abort();
    }

    @AfterEach
    void close() {
        abort();
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    private static <T> Call<T> on(Connection connection, Ends.Operation<T> operation) {
        return Call.start(task -> connection.loop().spawn("tls", task::run), () -> operation.on(connection));
    }

    private Call<TlsSession> securing(TlsClient options, String host) {
        return on(here, c -> {
            c.startTls(options, host);
            return c.tls().orElseThrow();
        });
    }

    private Call<TlsSession> accepting(TlsServer options) {
        return on(there, c -> {
            c.startTls(options);
            return c.tls().orElseThrow();
        });
    }

    private void secure() throws Exception {
        var accepting = accepting(server);
        securing(client, "localhost").value();
        accepting.value();
    }

    private ConnectionException failing(TlsClient options, String host, TlsServer by) throws Exception {
        var accepting = accepting(by);
        var failure = securing(options, host).throwing(ConnectionException.class);
        accepting.throwing(ConnectionException.class);
        return failure;
    }

    @Test
    void whatIsAgreedOnIsTold() throws Exception {
        var accepting = accepting(server.withAlpn(List.of("two", "one")));
        var dialled =
                securing(client.withAlpn(List.of("one", "two")), "localhost").value();
        var accepted = accepting.value();
        assertThat(dialled.protocol()).isEqualTo(version).isEqualTo(accepted.protocol());
        assertThat(dialled.cipher()).isEqualTo(accepted.cipher()).startsWith("TLS_");
        assertThat(dialled.alpn()).isEqualTo(accepted.alpn()).isIn("one", "two");
        assertThat(dialled.engine()).isEqualTo(clientEngine);
        assertThat(accepted.engine()).isEqualTo(serverEngine);
        assertThat(dialled.serverName()).isEqualTo(accepted.serverName()).isEqualTo("localhost");
        assertThat(dialled.peer()).first().isEqualTo(SERVER.chain().getFirst());
        assertThat(accepted.peer()).isEmpty();
        assertThat(dialled.resumed()).isFalse();
    }

    @Test
    void aSecuredConnectionIsNotDetachedAndGoesOn() throws Exception {
        secure();
        assertThat(on(here, Connection::detach).throwing(IllegalStateException.class))
                .hasMessageContaining("is secured by TLS: whoever gets the descriptor has not the keys");
        here.send("goes on\n");
        assertThat(on(there, Connection::receiveLine).value()).isEqualTo("goes on");
    }

    @Test
    void withoutACommonApplicationProtocolThereIsNone() throws Exception {
        var accepting = accepting(server.withAlpn(List.of("three")));
        // RFC 7301 has an alert for it; a server that goes on without is what most clients get along with
        assertThat(securing(client.withAlpn(List.of("one")), "localhost")
                        .value()
                        .alpn())
                .isNull();
        assertThat(accepting.value().alpn()).isNull();
    }

    @Test
    void bytesGoBothWaysAndEndWithCloseNotify() throws Exception {
        secure();
        byte[] much = Payload.random(3 << 20);
        var sending = on(here, c -> {
            c.send(much);
            c.send("tail");
            c.shutdownOutput();
            return c.stats().sent();
        });
        byte[] got = on(there, c -> c.receiveAll(8 << 20)).value();
        sending.value();
        assertThat(got.length).isEqualTo(much.length + 4);
        assertThat(Arrays.equals(Arrays.copyOf(got, much.length), much)).isTrue();
        assertThat(there.stats().received()).isEqualTo(got.length);
        assertThat(here.stats().sent()).isEqualTo(got.length);
    }

    @Test
    void theOtherHalfGoesOnWhereTheEngineCan() throws Exception {
        secure();
        on(here, c -> {
                    c.shutdownOutput();
                    return true;
                })
                .value();
        assertThat(on(there, c -> c.receiveAll(10)).value()).isEmpty();
        if (serverEngine == TlsEngine.BORINGSSL || version.equals("TLSv1.3")) {
            byte[] late = Payload.random(100_000);
            on(there, c -> {
                        c.send(late);
                        c.shutdownOutput();
                        return true;
                    })
                    .value();
            assertThat(on(here, c -> c.receiveAll(200_000)).value()).isEqualTo(late);
        } else {
            var refused = on(there, c -> {
                        c.send("late"); // it may be accepted, on another thread than the loop that ends the other half
                        c.flush();
                        return true;
                    })
                    .throwing(ConnectionException.class);
            assertThat(refused.reason()).isEqualTo(Reason.CLOSED);
            assertThat(refused).hasMessageContaining("to half-close, choose TLS 1.3 or the engine BORINGSSL");
        }
    }

    @Test
    void anEndWithoutCloseNotifyIsATruncation() throws Exception {
        secure();
        on(there, c -> {
                    c.send("half of it");
                    c.flush();
                    return true;
                })
                .value();
        Await.until("it has come", () -> here.buffered() == 10);
        there.abort();
        // of a pair the abort is seen as a reset; see TlsSocketTest for what a bare FIN is
        var failure = on(here, c -> c.receiveAll(100)).throwing(ConnectionException.class);
        assertThat(failure.reason()).isEqualTo(Reason.RESET);
        assertThat(failure.partial()).isEqualTo(Payload.bytes("half of it"));
    }

    @Test
    void aServerWithoutACommonVersionIsAFailedHandshake() throws Exception {
        String other = version.equals("TLSv1.3") ? "TLSv1.2" : "TLSv1.3";
        var failure = failing(client, "localhost", server.withProtocols(List.of(other)));
        assertThat(failure.reason()).isEqualTo(Reason.TLS_HANDSHAKE);
        assertThat(failure.phase()).isEqualTo(Phase.TLS);
        assertThat(here.isOpen()).isFalse();
        assertThat(on(here, c -> c.send("x"))
                        .throwing(ConnectionException.class)
                        .reason())
                .isIn(Reason.CLOSED, Reason.RESET);
    }

    @Test
    void anUnknownAuthorityIsNotTrusted() throws Exception {
        var failure = failing(client.withTrust(TlsTrust.SYSTEM), "localhost", server);
        assertThat(failure.reason()).isEqualTo(Reason.TLS_UNTRUSTED);
    }

    @Test
    void anotherNameIsNotAccepted() throws Exception {
        assertThat(failing(client, "elsewhere.example", server).reason()).isEqualTo(Reason.TLS_HOST_NAME);
    }

    @Test
    void anAddressIsCheckedAsOneAndIsNotAskedForByName() throws Exception {
        var accepting = accepting(server);
        assertThat(securing(client, "127.0.0.1").value().serverName()).isNull();
        assertThat(accepting.value().serverName()).isNull();
        abort();
        connect();
        assertThat(failing(client, "127.0.0.2", server).reason()).isEqualTo(Reason.TLS_HOST_NAME);
    }

    @Test
    void anExpiredCertificateIsNotAccepted() throws Exception {
        var expired = TlsServer.of(AUTHORITY.expired("localhost"))
                .withEngine(serverEngine)
                .withProtocols(List.of(version));
        assertThat(failing(client, "localhost", expired).reason()).isEqualTo(Reason.TLS_EXPIRED);
    }

    @Test
    void aRevokedCertificateIsNotAccepted() throws Exception {
        var failure = failing(client.withTrust(AUTHORITY.trustBut(SERVER.chain().getFirst())), "localhost", server);
        assertThat(failure.reason()).isEqualTo(Reason.TLS_REVOKED);
        abort();
        connect();
        var other = AUTHORITY.identity("other").chain().toArray(new X509Certificate[0]);
        var accepting = accepting(server);
        securing(client.withTrust(AUTHORITY.trustBut(other)), "localhost").value();
        accepting.value();
    }

    @Test
    void nobodyChecksWhereNobodyIsToCheck() throws Exception {
        var accepting = accepting(server);
        securing(client.withTrust(TlsTrust.NOBODY_CHECKS), "elsewhere.example").value();
        accepting.value();
    }

    @Test
    void bothSidesCanHaveACertificate() throws Exception {
        var identity = AUTHORITY.identity("client");
        var accepting = accepting(server.withClients(Clients.NEEDED, AUTHORITY.trust()));
        securing(client.withIdentity(identity), "localhost").value();
        assertThat(accepting.value().peer()).first().isEqualTo(identity.chain().getFirst());
        // behind the handshake come the session tickets, which have the client's certificates in them
        on(there, c -> c.send("x")).value();
        assertThat(on(here, c -> c.receive(1)).value()).isEqualTo(Payload.bytes("x"));
    }

    @Test
    void aClientWithoutTheCertificateItNeedsIsRefused() throws Exception {
        var accepting = accepting(server.withClients(Clients.NEEDED, AUTHORITY.trust()));
        // with TLS 1.3 the client has done its part before the server has seen it, and hears of it when it reads
        var failure = on(here, c -> {
                    c.startTls(client, "localhost");
                    return c.receive(1);
                })
                .throwing(ConnectionException.class);
        assertThat(failure.reason()).isEqualTo(Reason.TLS_HANDSHAKE);
        assertThat(accepting.throwing(ConnectionException.class).reason()).isEqualTo(Reason.TLS_HANDSHAKE);
    }

    @Test
    void aClientWithACertificateOfSomebodyElseIsRefused() throws Exception {
        var foreign = client.withIdentity(AUTHORITY.impostor().identity("client"));
        var accepting = accepting(server.withClients(Clients.WANTED, AUTHORITY.trust()));
        var failure = on(here, c -> {
                    c.startTls(foreign, "localhost");
                    return c.receive(1);
                })
                .throwing(ConnectionException.class);
        assertThat(failure.reason()).isIn(Reason.TLS_HANDSHAKE, Reason.EOF);
        assertThat(accepting.throwing(ConnectionException.class).reason())
                .isIn(Reason.TLS_UNTRUSTED, Reason.TLS_HANDSHAKE);
    }

    @Test
    void theNameThatIsAskedForChoosesTheIdentity() throws Exception {
        var one = AUTHORITY.identity("one.example");
        var family = AUTHORITY.identity(
                "RSA", Instant.now().minusSeconds(60), Instant.now().plusSeconds(600), "*.family.example");
        var several = server.withNames(Map.of("one.example", one, "*.family.example", family));
        for (var expected : Map.of("one.example", one, "a.family.example", family, "localhost", SERVER)
                .entrySet()) {
            var accepting = accepting(several);
            var session = securing(client, expected.getKey()).value();
            assertThat(session.peer())
                    .first()
                    .isEqualTo(expected.getValue().chain().getFirst());
            accepting.value();
            abort();
            connect();
        }
    }

    @Test
    void aSessionIsResumedByEqualOptionsForTheSameHostOnly() throws Exception {
        var fresh = Certificates.authority();
        var trusting = client.withTrust(fresh.trust());
        var serving = TlsServer.of(fresh.identity("localhost", "127.0.0.1", "other.example"))
                .withEngine(serverEngine)
                .withProtocols(List.of(version));
        assertThat(resumes(trusting, "localhost", serving)).isFalse();
        assertThat(resumes(trusting, "localhost", serving)).isTrue();
        assertThat(resumes(trusting, "127.0.0.1", serving)).isFalse();
        assertThat(resumes(trusting.withServerName("other.example"), "localhost", serving))
                .isFalse();
        assertThat(resumes(trusting.withAlpn(List.of("other")), "localhost", serving))
                .isFalse();
    }

    /** With TLS 1.3 what can be resumed comes behind the handshake, so it takes a byte to know that it is there. */
    private boolean resumes(TlsClient options, String host, TlsServer by) throws Exception {
        abort();
        connect();
        var accepting = accepting(by);
        var dialled = securing(options, host).value();
        assertThat(accepting.value().resumed()).isEqualTo(dialled.resumed());
        on(there, c -> c.send("x")).value();
        assertThat(on(here, c -> c.receive(1)).value()).isEqualTo(Payload.bytes("x"));
        return dialled.resumed();
    }

    @Test
    void itDoesNotWaitForTheWorkers() throws Exception {
        var over = new CountDownLatch(1);
        var loop = here.loop();
        try {
            for (int i = 0; i < 32; i++) {
                loop.spawn("blocking", () -> loop.offload(() -> over.await(30, TimeUnit.SECONDS)));
            }
            secure();
        } finally {
            over.countDown();
        }
    }

    @Test
    void nobodyElseCanUseTheConnectionMeanwhile() throws Exception {
        var securing = securing(client, "localhost");
        Await.until("the client has begun", () -> there.buffered() > 0);
        for (Ends.Operation<?> use : List.<Ends.Operation<?>>of(c -> c.receive(1), c -> c.send("x"), c -> {
            c.startTls(client, "localhost");
            return true;
        })) {
            assertThat(on(here, use).throwing(ConnectionException.class).reason())
                    .isEqualTo(Reason.BUSY_CONNECTING);
        }
        var accepting = accepting(server);
        securing.value();
        accepting.value();
    }

    @Test
    void aSilentPeerIsNotWaitedForLongerThanTheConnectTimeout() throws Exception {
        here.timeouts(Timeouts.of(Duration.ofMillis(50), Await.LIMIT, Await.LIMIT));
        var failure = securing(client, "localhost").throwing(ConnectionException.class);
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.TLS);
        assertThat(here.isOpen()).isFalse();
    }

    @Test
    void theDeadlineHoldsForTheHandshakeToo() throws Exception {
        here.deadline(Duration.ofMillis(50));
        assertThat(securing(client, "localhost")
                        .throwing(ConnectionException.class)
                        .reason())
                .isEqualTo(Reason.TIMEOUT);
    }

    @Test
    void anInterruptionEndsIt() throws Exception {
        var securing = securing(client, "localhost");
        Await.until("the client has begun", () -> there.buffered() > 0);
        securing.interrupt();
        assertThat(securing.throwing(ConnectionException.class).reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(here.isOpen()).isFalse();
    }

    @Test
    void aPeerThatLeavesWithinTheHandshakeIsTheEnd() throws Exception {
        var securing = securing(client, "localhost");
        Await.until("the client has begun", () -> there.buffered() > 0);
        there.close();
        var failure = securing.throwing(ConnectionException.class);
        assertThat(failure.reason()).isEqualTo(Reason.EOF);
        assertThat(failure.phase()).isEqualTo(Phase.TLS);
    }

    @Test
    void aPeerThatDoesNotSpeakTlsIsAFailedHandshake() throws Exception {
        on(there, c -> c.send("HTTP/1.1 400 Bad Request\r\n\r\n")).value();
        var failure = securing(client, "localhost").throwing(ConnectionException.class);
        assertThat(failure.reason()).isEqualTo(Reason.TLS_HANDSHAKE);
        assertThat(failure).hasMessageContaining("does not speak TLS");
    }

    @Test
    void whatCameInClearBehindTheCommandIsNotReadAsIfItHadComeThroughTls() throws Exception {
        on(there, c -> c.send("220 ready\r\nEVIL injected\r\n")).value();
        assertThat(on(here, c -> c.receiveLine(100)).value()).isEqualTo("220 ready");
        assertThat(securing(client, "localhost")
                        .throwing(ConnectionException.class)
                        .reason())
                .isEqualTo(Reason.TLS_HANDSHAKE);
    }

    @Test
    void impossibleOptionsAreRefusedAndChangeNothing() throws Exception {
        assertThatThrownBy(() -> {
                    throw securing(client.withProtocols(List.of("TLSv9")), "localhost")
                            .throwing(IllegalArgumentException.class);
                })
                .hasMessageContaining("TLS");
        secure();
    }
}
