package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a mail server of the test's own, which is secured in the middle of the stream as well, in the other role. */
class SmtpClientTest {
    private static final List<String> TEXT = List.of("Subject: test", "", "Hello.", ".hidden", "..", ".");

    private final Loops loops = Loops.open();

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    @Test
    void aMailIsSentOverAConnectionThatIsSecuredOnTheWay(@TempDir Path directory) throws Exception {
        TlsIdentity identity = Identity.of("localhost", directory);
        var trust = new TlsTrust.Authorities(identity.chain(), List.of());
        var received = new CompletableFuture<List<String>>();
        try (var server = listen(connection -> received.complete(receive(connection, identity)))) {
            send(server, TlsClient.DEFAULT.withTrust(trust));
        }
        assertThat(received.get(20, TimeUnit.SECONDS))
                .containsExactly(
                        "MAIL FROM:<me@localhost>",
                        "RCPT TO:<you@localhost>",
                        "DATA",
                        "Subject: test",
                        "",
                        "Hello.",
                        ".hidden",
                        "..",
                        ".");
    }

    @Test
    void aServerThatNobodyVouchesForGetsNoMail(@TempDir Path directory) throws Exception {
        TlsIdentity identity = Identity.of("localhost", directory);
        try (var server = listen(connection -> receive(connection, identity))) {
            assertThatThrownBy(() -> send(server, TlsClient.DEFAULT))
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            failure ->
                                    assertThat(failure.reason()).isEqualTo(ConnectionException.Reason.TLS_UNTRUSTED));
        }
    }

    @Test
    void aServerWithoutTlsGetsNoMail() throws Exception {
        try (var server = listen(connection -> {
            connection.send("220 ready\r\n");
            connection.receiveLine();
            connection.send("250-localhost\r\n250 SIZE 1000\r\n");
            assertThat(connection.receiveAll()).isEmpty();
        })) {
            assertThatThrownBy(() -> send(server, TlsClient.DEFAULT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("STARTTLS");
        }
    }

    @Test
    void whatIsSlippedInBeforeTheHandshakeIsNotBelieved(@TempDir Path directory) throws Exception {
        TlsIdentity identity = Identity.of("localhost", directory);
        var trust = new TlsTrust.Authorities(identity.chain(), List.of());
        try (var server = listen(connection -> {
            connection.send("220 ready\r\n");
            connection.receiveLine();
            connection.send("250 STARTTLS\r\n");
            connection.receiveLine();
            connection.send("220 go ahead\r\n250 slipped in\r\n");
            connection.startTls(TlsServer.of(identity));
        })) {
            assertThatThrownBy(() -> send(server, TlsClient.DEFAULT.withTrust(trust)))
                    .isInstanceOf(ConnectionException.class);
        }
    }

    private Listener listen(Listener.Handler handler) throws ConnectionException {
        return Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), handler);
    }

    private void send(Listener server, TlsClient tls) throws IOException {
        int port = ((InetSocketAddress) server.address()).getPort();
        new SmtpClient(Connector.of(loops), tls).send("localhost", port, "me@localhost", "you@localhost", TEXT);
    }

    /** The server's part: the commands after the handshake, and the text with its dots as they were. */
    private static List<String> receive(Connection client, TlsIdentity identity) throws ConnectionException {
        client.send("220 ready\r\n");
        assertThat(client.receiveLine()).startsWith("EHLO ");
        client.send("250-localhost\r\n250 STARTTLS\r\n");
        assertThat(client.receiveLine()).isEqualTo("STARTTLS");
        client.send("220 go ahead\r\n");
        client.startTls(TlsServer.of(identity));
        var said = new java.util.ArrayList<String>();
        assertThat(client.receiveLine()).startsWith("EHLO ");
        client.send("250 localhost\r\n");
        for (String reply : List.of("250 ok\r\n", "250 ok\r\n", "354 go on\r\n")) {
            said.add(client.receiveLine());
            client.send(reply);
        }
        for (String line = client.receiveLine(); !line.equals("."); line = client.receiveLine()) {
            said.add(line.startsWith(".") ? line.substring(1) : line);
        }
        client.send("250 taken\r\n");
        assertThat(client.receiveLine()).isEqualTo("QUIT");
        client.send("221 bye\r\n");
        return said;
    }
}
