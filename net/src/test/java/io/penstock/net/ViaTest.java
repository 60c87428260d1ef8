package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Via.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Proxies on the way, and the header that tells about the client; the proxies are scripts. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#proven")
class ViaTest {
    private static final Credentials ME = new Credentials("me", "s\u00e9cret");
    private static final Endpoint TARGET = Endpoint.of("db.example", 5432);

    private final Loops loops;
    private final Loop loop;
    private final ServerSocket proxy = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());

    ViaTest(LoopOptions options) throws IOException {
        loops = Loops.open(options);
        loop = loops.all().get(1);
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        loops.close(Duration.ZERO);
    }

    private Via.Socks5 socks(Credentials credentials) {
        return new Via.Socks5(proxy.getLocalSocketAddress(), credentials);
    }

    private Via.HttpConnect http(Credentials credentials) {
        return new Via.HttpConnect(proxy.getLocalSocketAddress(), credentials, null);
    }

    private Spawned<Connection> dial(Endpoint endpoint) {
        return dial(endpoint, Spawned.LIMIT);
    }

    private Spawned<Connection> dial(Endpoint endpoint, Duration limit) {
        var connector = Connector.of(loops, Timeouts.DEFAULT.withConnect(limit));
        return Spawned.on(loop, () -> connector.connect(endpoint));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    /** A proxy that is served one client: what it is to receive, then what it answers, in turns; the rest is what it received after. */
    private CompletableFuture<byte[]> script(int cut, byte[]... turns) {
        var rest = new CompletableFuture<byte[]>();
        Thread.ofPlatform().daemon().start(() -> {
            try (Socket client = proxy.accept()) {
                client.setTcpNoDelay(true);
                InputStream in = client.getInputStream();
                for (int i = 0; i < turns.length; i++) {
                    if (i % 2 == 0) {
                        assertThat(HexFormat.of().formatHex(in.readNBytes(turns[i].length)))
                                .isEqualTo(HexFormat.of().formatHex(turns[i]));
                    } else {
                        int first = Math.min(cut, turns[i].length);
                        client.getOutputStream().write(turns[i], 0, first);
                        Thread.yield();
                        client.getOutputStream().write(turns[i], first, turns[i].length - first);
                    }
                }
                client.shutdownOutput();
                rest.complete(in.readAllBytes());
            } catch (Throwable e) {
                rest.completeExceptionally(e);
            }
        });
        return rest;
    }

    private CompletableFuture<byte[]> script(byte[]... turns) {
        return script(Integer.MAX_VALUE, turns);
    }

    private static final byte[] SOCKS_NAME = hex("05 01 00 03 0a 64622e6578616d706c65 1538");
    private static final byte[] SOCKS_OK = hex("05 00 00 01 7f000001 1538");

    @Test
    void socksConnectsToANameThatItResolvesAndWhatFollowsIsTheTargets() throws Exception {
        byte[] answer = hex("05 00 00 01 7f000001 1538 68656c6c6f0a"); // with "hello\n" behind it
        for (int cut = 0; cut < answer.length; cut++) {
            var rest = script(cut, hex("05 01 00"), hex("05 00"), SOCKS_NAME, answer);
            Connection connection = dial(TARGET.withVia(socks(null))).value();
            assertThat(connection.timeouts().read()).isEqualTo(Timeouts.DEFAULT.read());
            assertThat(Spawned.on(loop, () -> {
                                connection.send("to the target");
                                connection.shutdownOutput();
                                return connection.receiveLine();
                            })
                            .value())
                    .isEqualTo("hello");
            assertThat(rest.get(10, TimeUnit.SECONDS)).isEqualTo(ascii("to the target"));
            connection.abort();
        }
    }

    @Test
    void socksTakesAddressesOfBothFamiliesAndAnswersWithAnyKind() throws Exception {
        script(hex("05 01 00"), hex("05 00"), hex("05 01 00 01 0a000001 0050"), hex("05 00 00 03 03 616263 0050"));
        dial(Endpoint.of("10.0.0.1", 80).withVia(socks(null))).value().abort();
        script(
                hex("05 01 00"),
                hex("05 00"),
                hex("05 01 00 04 00000000000000000000000000000001 0050"),
                hex("05 00 00 04 00000000000000000000000000000001 0050"));
        dial(Endpoint.of("::1", 80).withVia(socks(null))).value().abort();
    }

    @Test
    void socksAuthenticatesWhenItIsAskedTo() throws Exception {
        script(
                hex("05 02 00 02"),
                hex("05 02"),
                hex("01 02 6d65 07 73c3a963726574"),
                hex("01 00"),
                SOCKS_NAME,
                SOCKS_OK);
        dial(TARGET.withVia(socks(ME))).value().abort();
        script(hex("05 02 00 02"), hex("05 00"), SOCKS_NAME, SOCKS_OK);
        dial(TARGET.withVia(socks(ME))).value().abort();
        script(hex("05 02 00 02"), hex("05 02"), hex("01 02 6d65 07 73c3a963726574"), hex("01 01"));
        var failure = dial(TARGET.withVia(socks(ME))).failing();
        assertThat(failure.reason()).isEqualTo(Reason.PROXY);
        assertThat(failure.phase()).isEqualTo(Phase.PROXY);
        assertThat(failure).hasMessageContaining("password of user me").hasMessageNotContaining("cret");
    }

    @ParameterizedTest
    @CsvSource({
        "05ff, wants credentials",
        "0502, not offered",
        "0501, not offered",
        "0400, does not speak SOCKS5",
        "4854, does not speak SOCKS5"
    })
    void aSocksProxyThatWantsSomethingElseIsToldAsSuch(String answer, String text) {
        script(hex("05 01 00"), hex(answer));
        var failure = dial(TARGET.withVia(socks(null))).failing();
        assertThat(failure.reason()).isEqualTo(Reason.PROXY);
        assertThat(failure).hasMessageContaining(text);
    }

    @ParameterizedTest
    @CsvSource({
        "1, general failure",
        "2, not allowed",
        "3, network is unreachable",
        "4, host is unreachable",
        "5, refused",
        "6, time to live",
        "7, command",
        "8, kind of address",
        "9, unknown failure (9)"
    })
    void everyReplyOfSocksHasItsText(int code, String text) throws Exception {
        script(hex("05 01 00"), hex("05 00"), SOCKS_NAME, hex("05 0" + code + " 00 01 00000000 0000"));
        var failure = dial(TARGET.withVia(socks(null))).failing();
        assertThat(failure.reason()).isEqualTo(Reason.PROXY);
        assertThat(failure).hasMessageContaining(text);
        await().until(() -> loop.connections() == 0);
    }

    private static final byte[] CONNECT = ascii("CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n");

    @Test
    void httpOpensATunnelAndWhatFollowsTheHeadIsTheTargets() throws Exception {
        byte[] answer = ascii("HTTP/1.1 200 Connection established\r\nVia: x\r\nContent-Length: 3\r\n\r\nhello\n");
        for (int cut = 0; cut < answer.length; cut++) {
            script(cut, CONNECT, answer);
            Connection connection = dial(TARGET.withVia(http(null))).value();
            assertThat(Spawned.on(loop, () -> connection.receiveLine()).value()).isEqualTo("hello");
            connection.abort();
        }
    }

    @Test
    void httpSendsItsCredentialsAndSkipsInterimAnswers() throws Exception {
        script(
                ascii("CONNECT [0:0:0:0:0:0:0:1]:80 HTTP/1.1\r\nHost: [0:0:0:0:0:0:0:1]:80\r\n"
                        + "Proxy-Authorization: Basic bWU6c8OpY3JldA==\r\n\r\n"),
                ascii("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\nA: b\r\n\r\nHTTP/1.0 204\r\n\r\n"));
        dial(Endpoint.of("::1", 80).withVia(http(ME))).value().abort();
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1 407 Proxy Authentication Required, wants credentials",
        "HTTP/1.1 503 Service Unavailable, 503 Service Unavailable",
        "HTTP/1.1 302 Found, 302 Found",
        "HTTP/1.1 101 Switching Protocols, 101 Switching",
        "HTTP/2 200, no answer of an HTTP proxy",
        "HTTP/1.1 20, no answer of an HTTP proxy",
        "SSH-2.0-OpenSSH_9.2, SSH-2.0",
    })
    void anyOtherAnswerOfAnHttpProxyIsItsRefusal(String status, String text) {
        script(CONNECT, ascii(status + "\r\n\r\n"));
        var failure = dial(TARGET.withVia(http(null))).failing();
        assertThat(failure.reason()).isEqualTo(Reason.PROXY);
        assertThat(failure.phase()).isEqualTo(Phase.PROXY);
        assertThat(failure.peer()).isEqualTo(proxy.getLocalSocketAddress());
        assertThat(failure).hasMessageContaining(text);
        await().until(() -> loop.connections() == 0);
    }

    @Test
    void anAnswerWithoutAnEndIsRefusedAtItsBound() {
        script(CONNECT, ascii("HTTP/1.1 200 OK\r\n" + "Field: value\r\n".repeat(2000)));
        assertThat(dial(TARGET.withVia(http(null))).reason()).isIn(Reason.PROXY, Reason.TOO_LONG);
        script(CONNECT, ascii("HTTP/1.1 200 OK\r\nField: " + "x".repeat(20_000)));
        assertThat(dial(TARGET.withVia(http(null))).reason()).isEqualTo(Reason.TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "05", "0500"})
    void aProxyThatEndsTheStreamIsToldAsSuch(String answer) {
        script(hex("05 01 00"), hex(answer));
        var failure = dial(TARGET.withVia(socks(null))).failing();
        assertThat(failure.reason()).isEqualTo(Reason.EOF);
        assertThat(failure.phase()).isEqualTo(Phase.PROXY);
    }

    @Test
    void aProxyThatSaysNothingIsGivenUpWithTheOneLimitAndLeavesNothingBehind() throws Exception {
        for (Via way : new Via[] {socks(null), http(null)}) {
            var failure = dial(TARGET.withVia(way), Duration.ofMillis(80)).failing();
            assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(failure.phase()).isEqualTo(Phase.PROXY);
            assertThat(failure).hasMessageContaining("80 ms");
        }
        await().until(() -> loop.connections() == 0);
    }

    @Test
    void anInterruptionWhileTheProxyIsAskedLeavesNothingBehind() throws Exception {
        long before = Descriptors.open();
        var dialling = dial(TARGET.withVia(socks(null)));
        await().until(() -> loop.connections() == 1);
        dialling.parked().thread().interrupt();
        var failure = dialling.failing();
        assertThat(failure.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(failure.phase()).isEqualTo(Phase.PROXY);
        await().until(() -> loop.connections() == 0 && Descriptors.open() <= before);
    }

    @Test
    void theProxyHeaderGoesFirstBehindTheProxyOnTheWay() throws Exception {
        var header = new ProxyHeader(
                1,
                new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 4000),
                new InetSocketAddress(InetAddress.ofLiteral("10.0.0.2"), 443));
        var rest = script(hex("05 01 00"), hex("05 00"), SOCKS_NAME, SOCKS_OK);
        Connection connection =
                dial(TARGET.withVia(socks(null)).withProxyHeader(header)).value();
        Spawned.on(loop, () -> {
                    connection.send("first");
                    connection.close();
                    return null;
                })
                .value();
        assertThat(rest.get(10, TimeUnit.SECONDS))
                .asString()
                .isEqualTo("PROXY TCP4 10.0.0.1 10.0.0.2 4000 443\r\nfirst");
    }

    @Test
    void whatCannotBeToldToAProxyIsRefusedAtOnce() {
        assertThatIllegalArgumentException().isThrownBy(() -> socks(new Credentials("", "x")));
        assertThatIllegalArgumentException().isThrownBy(() -> socks(new Credentials("x", "y".repeat(256))));
        assertThatIllegalArgumentException().isThrownBy(() -> http(new Credentials("a:b", "c")));
        assertThat(socks(ME)).asString().doesNotContain("cret");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ProxyHeader(
                        1, InetSocketAddress.createUnresolved("a", 1), InetSocketAddress.createUnresolved("b", 1)));
    }
}
