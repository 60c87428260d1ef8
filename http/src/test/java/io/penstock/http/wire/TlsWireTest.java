package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TestIdentity;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsServer;
import io.penstock.testkit.Await;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Taking over behind TLS, and clients who do not speak it. */
class TlsWireTest extends WireTest {
    private HttpServer serveSecured(TlsEngine engine, io.penstock.http.Handler handler) throws ConnectionException {
        return serve(
                HttpServerOptions.DEFAULT.withTls(
                        TlsServer.of(TestIdentity.LOCALHOST.identity()).withEngine(engine)),
                handler);
    }

    private static SSLSocket secured(Socket client) throws Exception {
        return (SSLSocket) TestIdentity.LOCALHOST
                .context()
                .getSocketFactory()
                .createSocket(client, "localhost", client.getPort(), true);
    }

    @ParameterizedTest
    @EnumSource
    void httpInClearIsAnsweredInClear(TlsEngine engine) throws Exception { // HS-42
        String sent = "POST /x HTTP/1.1\r\nHost: h\r\n\r\n";
        try (var server = serveSecured(engine, exchange -> exchange.respond(200, "never"))) {
            for (int cut = 0; cut < sent.length(); cut++) {
                try (var client = connect(server)) {
                    if (cut > 0) send(client, sent.substring(0, cut));
                    send(client, sent.substring(cut));
                    assertThat(receiveAll(client))
                            .as("cut at " + cut)
                            .startsWith("HTTP/1.1 400 Bad Request\r\n")
                            .contains("\r\nConnection: close\r\n")
                            .endsWith("ask for it with https://\n");
                }
            }
            Await.until("all are counted", () -> server.tlsFailures() == sent.length());
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void whatIsNeitherIsNoHttpAndIsCounted() throws Exception {
        try (var server = serveSecured(TlsEngine.JDK, exchange -> exchange.respond(200, "secret"))) {
            for (String sent : new String[] {"SSH-2.0-x\r\n", "GET\r\n", "get / HTTP/1.1\r\n\r\n", "GETT", "G"}) {
                try (var client = connect(server)) {
                    send(client, sent);
                    client.shutdownOutput();
                    assertThat(receiveAll(client)).as(sent).doesNotContain("HTTP/1.1");
                } catch (IOException e) {
                    // who leaves within the handshake is reset
                }
            }
            Await.until("all are counted", () -> server.tlsFailures() == 5);
            try (var client = connect(server);
                    var secured = secured(client)) {
                secured.getOutputStream().write(get("/", "Connection: close").getBytes());
                assertThat(new String(secured.getInputStream().readAllBytes())).endsWith("\r\n\r\nsecret");
            }
            assertThat(server.tlsFailures()).isEqualTo(5);
        }
    }

    @Test
    @DisplayName("TestTLSCloseWriter (moby)")
    void tlsCloseWriter() throws Exception {
        try (var server = serveSecured(TlsEngine.JDK, exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.send(raw.receive(5));
                    assertThat(raw.receiveAll()).isEmpty();
                    raw.send("late");
                });
                var client = connect(server);
                var secured = secured(client)) {
            secured.getOutputStream().write((get("/") + "hello").getBytes());
            assertThat(new String(secured.getInputStream().readNBytes(5))).isEqualTo("hello");
            secured.shutdownOutput();
            assertThat(new String(secured.getInputStream().readAllBytes())).isEqualTo("late");
        }
    }
}
