package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.server.config.ConfigFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The program with TLS on both sides, as curl and nginx see it. */
class TlsTest {
    @TempDir
    static Path directory;

    private static Pem site;
    private static Pem origin;
    private static Pem client;

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private @Nullable Penstock penstock;
    private @Nullable Process nginx;

    @BeforeAll
    static void certify() throws Exception {
        site = Pem.of(directory, "site", "dns:localhost,dns:site.example");
        origin = Pem.of(directory, "origin", "dns:origin.example");
        client = Pem.of(directory, "client", "dns:client.example");
    }

    @AfterEach
    void close() throws Exception {
        if (penstock != null) {
            penstock.stop(Duration.ofSeconds(1));
        }
        if (nginx != null) {
            nginx.destroy();
            nginx.waitFor();
        }
        loops.close(Duration.ZERO);
    }

    private int start(String tls, int upstream, String upstreamTls) throws Exception {
        Path file = Files.writeString(directory.resolve("p.yaml"), """
                listeners:
                  - address: 127.0.0.1:0
                    tls: { certificate: site.pem, key: site-key.pem%s }
                loops: 1
                upstreams:
                  web:
                    servers: [ "127.0.0.1:%d" ]
                    %s
                routes: [ { upstream: web } ]
                access-log: { path: access.log }
                """.formatted(tls, upstream, upstreamTls));
        Penstock started = Penstock.start(ConfigFile.load(file), List.of());
        penstock = started;
        return ((InetSocketAddress) started.addresses().getFirst()).getPort();
    }

    /** An origin in this process, which says what it was told of the client. */
    private int originOverTls() throws Exception {
        TlsIdentity identity = TlsIdentity.fromPem(origin.certificate(), origin.key());
        HttpServer server = HttpServer.listen(
                loops,
                new InetSocketAddress("127.0.0.1", 0),
                HttpServerOptions.DEFAULT.withTls(TlsServer.of(identity)),
                exchange -> exchange.respond(
                        200,
                        exchange.connection().tls().orElseThrow().serverName() + " "
                                + exchange.request().headers().first("X-Forwarded-Proto") + " "
                                + exchange.request().headers().first("Forwarded") + "\n"));
        return ((InetSocketAddress) server.address()).getPort();
    }

    private static String curl(int port, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "curl",
                "-sS",
                "--max-time",
                "20",
                "--resolve",
                "site.example:" + port + ":127.0.0.1",
                "https://site.example:" + port + "/x"));
        command.addAll(List.of(more));
        try {
            Process curl = new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) {
                fail("curl must be installed where CI=true", e);
            }
            return abort("curl is not installed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk"})
    void curlIsServedOverTlsFromAnOriginOverTls(String engine) throws Exception {
        int port = start(
                ", engine: " + engine,
                originOverTls(),
                "tls: { trust: origin.pem, server-name: origin.example, engine: " + engine + " }");

        String answer = curl(port, "--cacert", site.certificate().toString());

        assertThat(answer)
                .startsWith("origin.example https for=127.0.0.1;host=\"site.example:" + port + "\";proto=https");
        assertThat(curl(port)).contains("self").doesNotContain("origin.example"); // nobody vouches for the certificate
        assertThat(curl(port, "--cacert", site.certificate().toString(), "--tls-max", "1.2"))
                .isEqualTo(answer);
    }

    @Test
    void anOriginThatIsNotBelievedIs502AndTheCertificateIsNamed() throws Exception {
        int port = start("", originOverTls(), "tls: { server-name: origin.example }");
        assertThat(curl(port, "-i", "--cacert", site.certificate().toString()))
                .contains("502", "error=tls_certificate_error", "cause:    its certificate is not accepted");
    }

    @Test
    void anUpstreamThatAnybodyCanBeIsWarnedOfAtTheStart() throws Exception {
        var logger = (Logger) LoggerFactory.getLogger(Penstock.class);
        var appender = new ListAppender<ILoggingEvent>();
        appender.start();
        logger.addAppender(appender);
        try {
            start("", 1, "tls: { verify: false }");
        } finally {
            logger.detachAppender(appender);
        }
        assertThat(appender.list)
                .extracting(event -> event.getLevel() + " " + event.getFormattedMessage())
                .anySatisfy(line -> assertThat(line).startsWith("WARN Upstream web: with 'verify: false'"));
    }

    @Test
    void clientsWithoutACertificateAreRefusedWhereOneIsRequired() throws Exception {
        int port = start(
                ", client-certificates: required, trust: client.pem",
                originOverTls(),
                "tls: { trust: origin.pem, server-name: origin.example }");
        String ca = site.certificate().toString();
        assertThat(curl(port, "--cacert", ca)).startsWith("curl: (");
        assertThat(curl(
                        port,
                        "--cacert",
                        ca,
                        "--cert",
                        client.certificate().toString(),
                        "--key",
                        client.key().toString()))
                .startsWith("origin.example https");
    }

    @Test
    void aRenewedCertificateIsShownToNewClientsAndABrokenOneToNobody() throws Exception {
        String old = Files.readString(site.certificate());
        String oldKey = Files.readString(site.key());
        int port = start("", originOverTls(), "tls: { trust: origin.pem, server-name: origin.example }");
        String trusted = Files.writeString(directory.resolve("old.pem"), old).toString();
        try {
            Files.writeString(site.key(), Files.readString(client.key()));
            Objects.requireNonNull(penstock).renewCertificates();
            assertThat(curl(port, "--cacert", trusted)).startsWith("origin.example https");

            Pem renewed = Pem.of(Files.createDirectory(directory.resolve("renewed")), "site", "dns:site.example");
            Files.copy(renewed.certificate(), site.certificate(), StandardCopyOption.REPLACE_EXISTING);
            Files.copy(renewed.key(), site.key(), StandardCopyOption.REPLACE_EXISTING);
            Objects.requireNonNull(penstock).renewCertificates();
            assertThat(curl(port, "--cacert", renewed.certificate().toString())).startsWith("origin.example https");
            assertThat(curl(port, "--cacert", trusted)).doesNotContain("origin.example");
        } finally {
            Files.writeString(site.certificate(), old);
            Files.writeString(site.key(), oldKey);
        }
    }

    @Test
    void nginxIsAnOriginOverTls() throws Exception {
        int there = nginx();
        int port = start("", there, "tls: { trust: origin.pem, server-name: origin.example }");
        for (int i = 0; i < 3; i++) {
            assertThat(curl(port, "--cacert", site.certificate().toString())).isEqualTo("nginx TLSv1.3 /x\n");
        }
        assertThat(log()).contains("reused=yes");
    }

    private static String log() {
        await().until(() -> Files.readAllLines(directory.resolve("access.log")).stream()
                        .filter(line -> line.contains(" 200 "))
                        .count()
                >= 3);
        try {
            return Files.readString(directory.resolve("access.log"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private int nginx() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off; master_process off; pid nginx.pid; error_log stderr;
                events {}
                http {
                  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                  server {
                    listen 127.0.0.1:%d ssl; ssl_protocols TLSv1.2 TLSv1.3;
                    ssl_certificate origin.pem; ssl_certificate_key origin-key.pem;
                    location / { return 200 "nginx $ssl_protocol $uri\\n"; }
                  }
                }
                """.formatted(free));
        try {
            nginx = new ProcessBuilder(
                            "nginx", "-p", directory.toString(), "-c", configuration.toString(), "-e", "stderr")
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("nginx.out").toFile())
                    .start();
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) {
                fail("nginx must be installed where CI=true", e);
            }
            return abort("nginx is not installed");
        }
        await().until(() -> {
            try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), free)) {
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return free;
    }
}
