package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TLS over sockets: what only an operating system, a file or another program can show. */
class TlsSocketTest {
    private static final Certificates AUTHORITY = Certificates.authority();
    private static final TlsIdentity OTHER = AUTHORITY.identity("other.example");
    private static final TlsIdentity IDENTITY = AUTHORITY.identity("localhost");

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    @TempDir
    Path directory;

    private Loops loops;

    @BeforeEach
    void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
        leaks.watch(loops);
    }

    @AfterEach
    void close() {
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    private static TlsClient client(TlsEngine engine) {
        return TlsClient.DEFAULT.withEngine(engine).withTrust(AUTHORITY.trust()).withServerName("localhost");
    }

    private Listener listen(TlsEngine engine, Listener.Handler handler) throws Exception {
        return Listener.open(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ListenerOptions.DEFAULT.withTls(TlsServer.of(IDENTITY).withEngine(engine)),
                handler);
    }

    private <T> Call<T> onLoop(Call.Body<T> body) {
        return Call.start(task -> loops.next().spawn("tls", task::run), body);
    }

    private Connection dial(TlsClient options, InetSocketAddress address) throws Exception {
        var connection = Connector.of(loops).connect(Endpoint.of(address).withTls(options));
        connection.transfer(Scope.PROCESS);
        return connection;
    }

    private static InetSocketAddress address(Listener listener) {
        return (InetSocketAddress) listener.address();
    }

    /** Passes bytes on in pieces of one, and the first {@code most} only, then the end. */
    private static Call<Boolean> relay(ServerSocket from, InetSocketAddress to, long most) {
        return Call.onPlatformThread(() -> {
            try (var client = from.accept();
                    var server = new Socket()) {
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                server.connect(to);
                var back = Call.onPlatformThread(() -> pass(server, client, most));
                pass(client, server, Long.MAX_VALUE);
                return back.value();
            }
        });
    }

    private static boolean pass(Socket from, Socket to, long most) {
        try {
            OutputStream out = to.getOutputStream();
            for (long i = 0; i < most; i++) {
                int next = from.getInputStream().read();
                if (next < 0) break;
                out.write(next);
            }
            to.shutdownOutput();
        } catch (IOException _) {
            // one of the two has gone
        }
        return true;
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void aHandshakeInPiecesOfOneByteIsOneLikeAnyOther(TlsEngine engine) throws Exception {
        try (var listener = listen(engine, c -> c.transferTo(c));
                var between = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var relaying = relay(between, address(listener), Long.MAX_VALUE);
            var options = client(engine);
            var answer = onLoop(() -> {
                try (var connection = dial(options, (InetSocketAddress) between.getLocalSocketAddress())) {
                    connection.send("hello");
                    return Payload.text(connection.receive(5));
                }
            });
            assertThat(answer.value()).isEqualTo("hello");
            relaying.value();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void aHandshakeThatIsCutAnywhereFailsAsTheEndItIs(TlsEngine engine) throws Exception {
        try (var listener = listen(engine, c -> c.transferTo(c));
                var between = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (long cut = 0; cut < 600; cut += 23) {
                var relaying = relay(between, address(listener), cut);
                var options = client(engine);
                var failure = onLoop(() -> dial(options, (InetSocketAddress) between.getLocalSocketAddress()))
                        .failing(Reason.EOF);
                assertThat(failure).hasMessageContaining("within the TLS handshake");
                relaying.value();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void aStreamThatEndsWithoutCloseNotifyIsCut(TlsEngine engine) throws Exception {
        var sent = new CompletableFuture<Boolean>();
        try (var listener = listen(engine, c -> {
                    c.send("half of it");
                    c.flush();
                    sent.complete(true);
                    c.receive(1);
                });
                var between = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var inner = new CompletableFuture<Socket>();
            var relaying = Call.onPlatformThread(() -> {
                try (var client = between.accept();
                        var server = new Socket()) {
                    inner.complete(client);
                    server.connect(address(listener));
                    var back = Call.onPlatformThread(() -> pass(server, client, Long.MAX_VALUE));
                    pass(client, server, Long.MAX_VALUE);
                    server.close();
                    return back.value();
                }
            });
            var options = client(engine);
            var connection = onLoop(() -> dial(options, (InetSocketAddress) between.getLocalSocketAddress()))
                    .value();
            Await.until("it has come", () -> connection.buffered() == 10);
            inner.get().shutdownOutput();
            var failure = onLoop(connection::receiveAll).failing(Reason.TLS_TRUNCATED);
            assertThat(failure.partial()).isEqualTo(Payload.bytes("half of it"));
            connection.abort();
            relaying.value();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void openSslTalksToUsAndSeesTheEnd(TlsEngine engine) throws Exception {
        requireOpenSsl();
        Path authority = pem("ca.pem", AUTHORITY.root());
        try (var listener = listen(engine, c -> {
            String line = c.receiveLine();
            c.send("you said " + line + "\n");
        })) {
            var process = new ProcessBuilder(
                            "openssl",
                            "s_client",
                            "-quiet",
                            "-verify_return_error",
                            "-servername",
                            "localhost",
                            "-verify_hostname",
                            "localhost",
                            "-CAfile",
                            authority.toString(),
                            "-connect",
                            "127.0.0.1:" + address(listener).getPort())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            var out = Call.onPlatformThread(
                    () -> new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            assertThat(out.value()).isEqualTo("you said hello\n");
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void hundredsOfHandshakesLeaveNothingBehind(TlsEngine engine) throws Exception {
        try (var listener = listen(engine, c -> c.transferTo(c))) {
            var options = client(engine);
            for (int i = 0; i < 300; i++) {
                var answer = onLoop(() -> {
                    try (var connection = dial(options, address(listener))) {
                        connection.send("x");
                        return connection.receive(1);
                    }
                });
                assertThat(answer.value()).containsExactly('x');
            }
            Await.until("all have ended", () -> listener.connections() == 0);
        }
    }

    @Test
    void theSecretsAreWrittenForWhoeverLooksIntoIt() throws Exception {
        Path log = directory.resolve("keys.log");
        try (var listener = listen(TlsEngine.JDK, c -> c.transferTo(c))) {
            var options = client(TlsEngine.AUTO).withKeyLog(log);
            onLoop(() -> {
                        dial(options, address(listener)).close();
                        return true;
                    })
                    .value();
            assertThat(Files.readString(log)).contains("CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ");
            var refused = onLoop(() -> dial(client(TlsEngine.JDK).withKeyLog(log), address(listener)))
                    .throwing(IllegalArgumentException.class);
            assertThat(refused).hasMessageContaining("choose BORINGSSL");
        }
    }

    @Test
    void identityAndTrustComeFromFiles() throws Exception {
        Path chain = pem("chain.pem", IDENTITY.chain().getFirst());
        Path key = directory.resolve("key.pem");
        Files.writeString(key, block("PRIVATE KEY", IDENTITY.key().getEncoded()));
        assertThat(TlsIdentity.fromPem(chain, key)).isEqualTo(IDENTITY);
        Path authority = pem("ca.pem", AUTHORITY.root());
        assertThat(TlsTrust.fromPem(authority)).isEqualTo(AUTHORITY.trust());
        Path lists = directory.resolve("lists.pem");
        Files.writeString(lists, block("X509 CRL", AUTHORITY.revoke().getEncoded()));
        assertThat(((TlsTrust.Authorities) TlsTrust.fromPem(authority, lists)).revoked())
                .hasSize(1);
        assertThatThrownBy(() -> TlsIdentity.fromPem(key, key))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("key.pem: there is no CERTIFICATE");
        Files.writeString(key, block("EC PRIVATE KEY", new byte[] {1, 2, 3}));
        assertThatThrownBy(() -> TlsIdentity.fromPem(chain, key))
                .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt -in " + key);
        Files.writeString(key, block("PRIVATE KEY", new byte[] {1, 2, 3}));
        assertThatThrownBy(() -> TlsIdentity.fromPem(chain, key)).hasMessageContaining("is damaged");
    }

    private Path pem(String name, X509Certificate certificate) throws Exception {
        return Files.writeString(directory.resolve(name), block("CERTIFICATE", certificate.getEncoded()));
    }

    private static String block(String label, byte[] der) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }

    private static void requireOpenSsl() {
        boolean there = List.of("/usr/bin/openssl", "/usr/local/bin/openssl").stream()
                .anyMatch(path -> Files.isExecutable(Path.of(path)));
        if (!there && "true".equals(System.getenv("CI"))) throw new AssertionError("openssl is not installed");
        Assumptions.assumeTrue(there, "openssl is not installed");
    }

    @Test
    void aKeyThatIsNotTheCertificatesIsRefused() {
        assertThatThrownBy(() -> new TlsIdentity(OTHER.key(), IDENTITY.chain()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the private key is not that of the first certificate");
    }

    /** A session ticket is such a thing: a server may send it when the client has long sent everything, and left. */
    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void whatThePeersTlsSaysBehindACloseTakesNothingBack(TlsEngine engine) throws Exception {
        byte[] much = Payload.random(600_000); // more than the peer's system takes while nobody reads
        try (Ends ends = new TlsKind(Connection.Origin.DIALLED, engine).open(loops)) {
            ends.call(c -> {
                        c.send(much);
                        c.close();
                        return true;
                    })
                    .value();
            Await.stays(
                    Duration.ofMillis(50),
                    () -> true); // the operating system has closed it by now, if anybody asked it to
            ((TlsPeer) ends.peer()).renewKeys();
            var received = ByteBuffer.allocate(much.length);
            while (received.hasRemaining() && ends.peer().read(received) >= 0) {}
            assertThat(received.array()).isEqualTo(much);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void tlsWithinTlsEndsInOrderToo(TlsEngine engine) throws Exception {
        var received = new CompletableFuture<String>();
        Listener.Handler inner = c -> {
            c.startTls(TlsServer.of(IDENTITY).withEngine(engine));
            received.complete(Payload.text(c.receiveAll()));
        };
        try (var listener = listen(engine, inner)) {
            onLoop(() -> {
                        var connection = dial(client(engine), address(listener));
                        connection.startTls(client(engine), "localhost");
                        connection.send("hello");
                        connection.close();
                        return true;
                    })
                    .value();
            assertThat(received.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("hello");
        }
    }

    /** The only connection that the pool may have is gone some time, though its peer does not end it. */
    @ParameterizedTest
    @EnumSource(names = {"JDK", "BORINGSSL"})
    void aPeerThatDoesNotEndIsNotWaitedForAllTheTime(TlsEngine engine) throws Exception {
        var over = new CountDownLatch(1);
        try (var listener = listen(engine, _ -> over.await());
                var pool = Pool.of(
                        Connector.of(loops), PoolOptions.DEFAULT.withIdle(1).withLimit(1))) {
            var endpoint = Endpoint.of(address(listener)).withTls(client(engine));
            onLoop(() -> {
                        pool.connect(endpoint).close();
                        pool.connect(endpoint).abort();
                        return true;
                    })
                    .value();
        } finally {
            over.countDown();
        }
    }
}
