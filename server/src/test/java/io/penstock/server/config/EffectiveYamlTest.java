package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.Pem;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code check --print} prints. */
class EffectiveYamlTest {
    @TempDir
    Path directory;

    private Config read(String text) throws ConfigException {
        return ConfigFile.parse("p.yaml", text, directory, _ -> null, Optional.empty());
    }

    @Test
    void everyKeyThereIsIsPrintedAndReadAgain() throws Exception {
        Pem.of(directory, "site", "dns:localhost");
        Config config = read("""
                listeners:
                  - address: "[::1]:8443"
                    tls:
                      certificate: site.pem
                      key: site-key.pem
                      names: { "*.other.example": { certificate: site.pem, key: site-key.pem } }
                      client-certificates: optional
                      trust: site.pem
                      protocols: [ TLSv1.3 ]
                      engine: jdk
                  - address: systemd:web
                    connect: { allow: [ "*.example.com:443", "[::1]:*", "*:22" ], internal: true, timeout: 3s }
                admin: { address: "0.0.0.0:9901", expose: true }
                loops: 3
                transport: nio
                upstreams:
                  web:
                    servers: [ "origin.example:9000", "unix:/run/origin.sock" ]
                    connections: { limit: 10, queue: 0 }
                    keep-alive: { idle: 0, idle-timeout: 90m }
                    timeouts: { connect: 250ms, read: 1h, write: 2s }
                  secure:
                    servers: [ "https://origin.example" ]
                    tls:
                      trust: site.pem
                      server-name: name.example
                      certificate: site.pem
                      key: site-key.pem
                      protocols: [ TLSv1.2 ]
                routes:
                  - { host: "*.example", path: "/a b", upstream: web, upgrades: [ tcp, "irc/6.9" ] }
                  - { path: /none, upstream: secure, upgrades: [] }
                plugins: .
                forwarded: { name: gate, trust: true }
                tunnels: { idle-timeout: 5m, linger: 0s, lifetime: 24h }
                access-log: { path: access.log, format: json }
                client: { head-timeout: 1s, idle-timeout: 2s, body-timeout: 3s }
                limits: { request-line: 4KB, header: 1MiB, headers: 7, body: 2GB }
                shutdown: { grace: 0s }
                watchdog: { threshold: 300ms }
                """);

        String printed = EffectiveYaml.of(config);

        assertThat(keysOf(Config.class)
                        .filter(key -> !key.equals("revoked"))) // wants a list that an authority has signed
                .allSatisfy(key -> assertThat(printed).containsPattern("(?m)^[ -]*" + key + ":"));
        assertThat(printed).contains("  - address: \"systemd:web\"\n", "        - \"*.example.com:443\"\n");
        assertThat(EffectiveYaml.of(read(printed))).isEqualTo(printed);
    }

    private static Stream<String> keysOf(Class<? extends Record> section) {
        return Key.of(section).stream().flatMap(key -> Stream.concat(Stream.of(key.name()), keysIn(key.shape())));
    }

    private static Stream<String> keysIn(Key.Shape shape) {
        return switch (shape) {
            case Key.Shape.Single _ -> Stream.empty();
            case Key.Shape.ListOf(Key.Shape element) -> keysIn(element);
            case Key.Shape.MapOf(Key.Shape element) -> keysIn(element);
            case Key.Shape.Section(var type) -> keysOf(type);
        };
    }
}
