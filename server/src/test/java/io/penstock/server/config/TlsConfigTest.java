package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import io.penstock.server.Pem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsConfigTest {
    @TempDir
    static Path directory;

    @BeforeAll
    static void certify() throws Exception {
        Pem.of(directory, "site", "dns:localhost,ip:127.0.0.1");
        Pem.of(directory, "other", "dns:other.example");
        Files.writeString(directory.resolve("notes.txt"), "no certificate\n");
    }

    private static Config read(String text) throws ConfigException {
        return ConfigFile.parse("p.yaml", text, directory, _ -> null, Optional.empty());
    }

    private static List<String> problems(String text) {
        return catchThrowableOfType(ConfigException.class, () -> read(text)).problems().stream()
                .map(Problem::toString)
                .toList();
    }

    private static String listener(String tls) {
        return "listeners:\n  - address: ':0'\n    tls: { " + tls + " }\n";
    }

    private static String upstream(String servers, String tls) {
        return "listeners: [ { address: ':0' } ]\nupstreams:\n  web:\n    servers: [ " + servers + " ]\n" + tls;
    }

    @Test
    void aListenerHasCertificatesForNamesAndAsksClientsForTheirs() throws Exception {
        Config config = read(listener("""
                certificate: site.pem, key: site-key.pem,
                names: { "*.other.example": { certificate: other.pem, key: other-key.pem } },
                client-certificates: optional, trust: other.pem, protocols: [ TLSv1.3 ], engine: jdk"""));

        TlsServer tls = TlsFiles.of(config.listeners().getFirst().tls().orElseThrow());

        assertThat(tls.identity()).hasToString("CN=site");
        assertThat(tls.names().get("*.other.example")).hasToString("CN=other");
        assertThat(tls.clients()).isEqualTo(TlsServer.Clients.WANTED);
        assertThat(tls.trust()).isEqualTo(TlsTrust.fromPem(directory.resolve("other.pem")));
        assertThat(tls.protocols()).containsExactly("TLSv1.3");
        assertThat(tls.engine()).isEqualTo(TlsEngine.JDK);
    }

    @Test
    void anUpstreamIsSecuredByItsServersOrByItsSection() throws Exception {
        Config.Upstream https = read(upstream("\"https://a.example\", \"https://[::1]:8443/\"", ""))
                .upstreams()
                .get("web");
        assertThat(https.servers())
                .extracting(server -> server.address().toString())
                .containsExactly("a.example:443", "[::1]:8443");
        assertThat(TlsFiles.of(https.security().orElseThrow()))
                .isEqualTo(TlsClient.DEFAULT.withAlpn(List.of("http/1.1")));

        TlsClient tls = TlsFiles.of(read(upstream("\"127.0.0.1:8443\"", """
                    tls:
                      trust: other.pem
                      server-name: other.example
                      certificate: site.pem
                      key: site-key.pem
                """))
                .upstreams()
                .get("web")
                .security()
                .orElseThrow());
        assertThat(tls.trust()).isEqualTo(TlsTrust.fromPem(directory.resolve("other.pem")));
        assertThat(tls.serverName()).isEqualTo("other.example");
        assertThat(tls.identity()).hasToString("CN=site");

        assertThat(read(upstream("\"a.example:80\"", "")).upstreams().get("web").security())
                .isEmpty();
        assertThat(TlsFiles.of(read(upstream("\"a.example:80\"", "    tls: { verify: false }\n"))
                                .upstreams()
                                .get("web")
                                .security()
                                .orElseThrow())
                        .trust())
                .isEqualTo(TlsTrust.NOBODY_CHECKS);
    }

    @Test
    void theEffectiveConfigurationReadAgainIsTheSame() throws Exception {
        Config config = read(listener("certificate: site.pem, key: site-key.pem")
                + "upstreams: { web: { servers: [ 'https://a.example' ], tls: { trust: other.pem } } }\n");
        String effective = EffectiveYaml.of(config);
        assertThat(effective).contains("https://a.example", "certificate: " + directory.resolve("site.pem"));
        assertThat(EffectiveYaml.of(read(effective))).isEqualTo(effective);
    }

    @Test
    void aFileThatIsMissingOrIsNotWhatItShouldBeIsToldAtItsKey() {
        assertThat(problems(listener("certificate: none.pem, key: site-key.pem")))
                .containsExactly("p.yaml:3:25: there is no file " + directory.resolve("none.pem"));
        assertThat(problems(listener("certificate: site.pem, key: none.pem")))
                .containsExactly("p.yaml:3:40: there is no file " + directory.resolve("none.pem"));
        assertThat(problems(listener("certificate: site.pem, key: other-key.pem")))
                .containsExactly("p.yaml:3:40: the private key is not that of the first certificate, CN=site");
        assertThat(problems(listener("certificate: notes.txt, key: site-key.pem")))
                .containsExactly("p.yaml:3:25: " + directory.resolve("notes.txt")
                        + ": there is no CERTIFICATE in PEM format in it");
        assertThat(problems(listener("certificate: site.pem, key: site-key.pem,\n"
                        + "names: { a.example: { certificate: other.pem, key: site-key.pem } }")))
                .containsExactly("p.yaml:4:52: the private key is not that of the first certificate, CN=other");
        assertThat(problems(upstream("\"a:1\"", "    tls: { trust: none.pem }\n")))
                .containsExactly("p.yaml:5:19: there is no file " + directory.resolve("none.pem"));
    }

    @Test
    void whatMakesNoSenseIsToldWithWhatToDo() {
        assertThat(problems(listener("certificate: site.pem, key: site-key.pem, client-certificates: required")))
                .singleElement()
                .asString()
                .startsWith("p.yaml:3:75: whose client certificates are believed?")
                .endsWith("'trust'");
        assertThat(problems(listener("certificate: site.pem, key: site-key.pem, trust: site.pem")))
                .singleElement()
                .asString()
                .contains("say 'client-certificates: required'");
        assertThat(problems(listener("certificate: site.pem, key: site-key.pem, protocols: [ TLSv1.1 ]")))
                .containsExactly("p.yaml:3:65: 'TLSv1.1' is no protocol that is spoken, did you mean 'TLSv1.2'?");
        assertThat(problems(listener("certificate: site.pem")))
                .singleElement()
                .asString()
                .contains("missing key 'key'");
        assertThat(problems(upstream("\"a:1\"", "    tls: { certificate: site.pem }\n")))
                .containsExactly("p.yaml:5:25: a certificate needs its private key: 'key'");
        assertThat(problems(upstream("\"a:1\"", "    tls: { verify: false, trust: site.pem }\n")))
                .singleElement()
                .asString()
                .startsWith("p.yaml:5:20: ");
        assertThat(problems(upstream("\"a:1\"", "    tls:\n")))
                .containsExactly("p.yaml:5:5: 'tls' has no value; write {} for a section of defaults");
        assertThat(problems(upstream("\"https://a\", \"b:443\"", "")))
                .containsExactly("p.yaml:3:3: some of its servers are https and some are not: write https:// for all,"
                        + " or 'tls: {}' for the upstream");
    }

    @Test
    void urlsAreToldWhatIsWrongWithThem() {
        assertThat(problems("listeners: [ { address: 'https://a:443' } ]\n").getFirst())
                .endsWith("not 'https://a:443': write host:port, without https://");
        assertThat(problems(upstream("\"http://a:80\"", "")).getFirst())
                .endsWith("not 'http://a:80': write host:port, without http://");
        assertThat(problems(upstream("\"https://a/b\"", "")).getFirst())
                .endsWith("not 'https://a/b': a server has no path; requests keep the one they have");
    }

    @Test
    void whatNoCertificateCanBeForIsToldBeforeTheFirstRequest() throws Exception {
        for (String name : List.of("'origin:443'", "''", "my_host", "'https://a'")) {
            assertThat(problems(upstream("\"a:1\"", "    tls: { server-name: " + name + " }\n")))
                    .singleElement()
                    .asString()
                    .startsWith("p.yaml:5:25: no certificate can be for ");
        }
        assertThat(problems(upstream("\"https://a\", \"https://my_host\"", "")))
                .singleElement()
                .asString()
                .startsWith("p.yaml:4:29: no certificate can be for 'my_host'");
        assertThat(problems(upstream("\"my_host:443\"", "    tls: {}\n"))).hasSize(1);

        assertThat(read(upstream("\"https://my_host\"", "    tls: { server-name: my-host }\n")))
                .isNotNull();
        assertThat(read(upstream("\"https://127.0.0.1\", \"https://[::1]\", \"https://a.example.:443\"", "")))
                .isNotNull();
        assertThat(read(upstream("\"my_host:80\"", ""))).isNotNull();
    }

    @Test
    void aNameThatNoClientAsksForIsToldAtItself() throws Exception {
        String identity = ": { certificate: site.pem, key: site-key.pem }";
        for (String name :
                List.of("shop.example:443", "*", "*.*.example", "shop.example.", "a.*.example", "127.0.0.1")) {
            assertThat(problems(listener(
                            "certificate: site.pem, key: site-key.pem,\nnames: { '" + name + "'" + identity + " }")))
                    .singleElement()
                    .asString()
                    .startsWith("p.yaml:4:10: expected a name that clients ask for");
        }
        for (String name :
                List.of("shop.example", "*.example", "localhost", "xn--bcher-kva.example", "my_shop.example")) {
            assertThat(read(listener(
                            "certificate: site.pem, key: site-key.pem, names: { '" + name + "'" + identity + " }")))
                    .isNotNull();
        }
    }
}
