package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's TLS on top of a connection's socket, as drivers do it when a server agrees to TLS in the middle of the stream. */
class LayeredTlsTest {
    private static final char[] PASSWORD = "secret".toCharArray();

    /** Trusts itself, and nobody else. */
    private static SSLContext context(Path directory) throws Exception {
        Path store = directory.resolve("keys");
        var keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "test",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        store.toString())
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        var keys = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("test", keys.getCertificate("test"));
        var identity = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        identity.init(keys, PASSWORD);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(identity.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    @Test
    void theJdksTlsRunsOverASocketThatHasBeenUsedBefore(@TempDir Path directory) throws Exception {
        SSLContext tls = context(directory);
        Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        try (var server = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var serving = Spawned.onPlatformThread(() -> {
                try (Socket plain = server.accept()) {
                    plain.getOutputStream().write("plain\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    var secure = (SSLSocket) tls.getSocketFactory().createSocket(plain, null, true);
                    secure.setUseClientMode(false);
                    return secure.getInputStream().transferTo(secure.getOutputStream());
                }
            });
            byte[] much = SocketPeer.random(300_000);
            byte[] echo = Spawned.on(loops.next(), () -> echo(loops, tls, server.getLocalPort(), much))
                    .value();
            assertThat(echo).isEqualTo(much);
            assertThat(serving.value()).isEqualTo(much.length);
        } finally {
            loops.close(Duration.ZERO);
        }
    }

    private static byte[] echo(Loops loops, SSLContext tls, int port, byte[] much) throws IOException {
        try (Connection connection = Connector.of(loops).connect("127.0.0.1", port)) {
            assertThat(connection.receiveLine()).isEqualTo("plain");
            Socket socket = connection.asSocket();
            try (var secure = (SSLSocket) tls.getSocketFactory().createSocket(socket, "localhost", port, true)) {
                var parameters = secure.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                secure.setSSLParameters(parameters);
                secure.startHandshake();
                assertThat(secure.getSession().isValid()).isTrue();
                var sending = Spawned.on(connection.loop(), () -> {
                    secure.getOutputStream().write(much);
                    return null;
                });
                byte[] back = secure.getInputStream().readNBytes(much.length);
                sending.value();
                return back;
            }
        }
    }
}
