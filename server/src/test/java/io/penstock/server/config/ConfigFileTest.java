package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.net.LoopOptions;
import io.penstock.net.Systemd;
import io.penstock.proxy.ConnectTarget;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
    private static final String SMALLEST = """
            listeners:
              - address: 127.0.0.1:8080
            upstreams:
              web:
                servers: [ 127.0.0.1:9000 ]
            routes:
              - upstream: web
            """;

    @TempDir
    Path directory;

    private static Config read(String text, Map<String, String> environment) throws ConfigException {
        return ConfigFile.parse("p.yaml", text, Path.of("/etc/penstock"), environment::get, Optional.empty());
    }

    private static Config read(String text) throws ConfigException {
        return read(text, Map.of());
    }

    private static List<String> problems(String text) {
        return catchThrowableOfType(ConfigException.class, () -> read(text)).problems().stream()
                .map(Problem::toString)
                .toList();
    }

    @Test
    void sevenLinesAreEnoughAndTheRestHasDefaults() throws ConfigException {
        Config config = read(SMALLEST);

        assertThat(config.listeners())
                .containsExactly(
                        new Config.Listener(new Address.Tcp("127.0.0.1", 8080), Optional.empty(), Optional.empty()));
        assertThat(config.upstreams())
                .containsExactly(Map.entry(
                        "web",
                        new Config.Upstream(
                                List.of(new Server(new Address.Tcp("127.0.0.1", 9000), false)),
                                Optional.empty(),
                                new Config.Connections(4096, 1024),
                                new Config.KeepAlive(64, Duration.ofSeconds(60)),
                                new Config.Timeouts(
                                        Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofSeconds(60)))));
        assertThat(config.routes()).containsExactly(new Config.Route(Optional.empty(), "/", "web", Optional.empty()));
        assertThat(config.admin()).isEqualTo(new Config.Admin(Optional.empty(), false));
        assertThat(config.loops()).isEmpty();
        assertThat(config.plugins()).isEmpty();
        assertThat(config.accessLog())
                .isEqualTo(new Config.AccessLog(new LogTarget.StandardOutput(), Config.LogFormat.TEXT));
        assertThat(config.limits())
                .isEqualTo(new Config.Limits(new Size(8 << 10), new Size(32 << 10), 100, Size.UNLIMITED));
        assertThat(config.shutdown().grace()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.watchdog().threshold()).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void everyKeyIsRead() throws ConfigException {
        Config config = read("""
                listeners:
                  - address: ":8080"
                  - address: "[::1]:8081"
                  - address: unix:/run/penstock.sock
                admin: { address: 0.0.0.0:9901, expose: true }
                loops: 3
                transport: nio
                upstreams:
                  web:
                    servers: [ "origin.example:9000", "unix:/run/origin.sock" ]
                    connections: { limit: 10, queue: 0 }
                    keep-alive: { idle: 0, idle-timeout: 90m }
                    timeouts: { connect: 250ms, read: 1h, write: 2s }
                routes:
                  - { host: example.com, path: /api/, upstream: web }
                access-log: { path: access.log, format: json }
                client: { head-timeout: 1s, idle-timeout: 2s, body-timeout: 3s }
                limits: { request-line: 4KB, header: 1MiB, headers: 7, body: 2GB }
                shutdown: { grace: 0s }
                watchdog: { threshold: 300ms }
                """);

        assertThat(config.listeners().stream().map(listener -> ((Address) listener.address()).toSocketAddress()))
                .containsExactly(
                        new InetSocketAddress(8080),
                        new InetSocketAddress("::1", 8081),
                        UnixDomainSocketAddress.of("/run/penstock.sock"));
        assertThat(config.admin().expose()).isTrue();
        assertThat(config.loops()).contains(3);
        assertThat(config.transport()).isEqualTo(LoopOptions.Transport.NIO);
        Config.Upstream web = config.upstreams().get("web");
        assertThat(web.servers().getFirst().address().toSocketAddress())
                .isEqualTo(InetSocketAddress.createUnresolved("origin.example", 9000));
        assertThat(web.connections()).isEqualTo(new Config.Connections(10, 0));
        assertThat(web.keepAlive()).isEqualTo(new Config.KeepAlive(0, Duration.ofMinutes(90)));
        assertThat(web.timeouts())
                .isEqualTo(new Config.Timeouts(Duration.ofMillis(250), Duration.ofHours(1), Duration.ofSeconds(2)));
        assertThat(config.routes().getFirst().host()).contains("example.com");
        assertThat(config.accessLog())
                .isEqualTo(new Config.AccessLog(
                        new LogTarget.ToFile(Path.of("/etc/penstock/access.log")), Config.LogFormat.JSON));
        assertThat(config.limits())
                .isEqualTo(new Config.Limits(new Size(4_000), new Size(1 << 20), 7, new Size(2_000_000_000L)));
    }

    @Test
    void theEffectiveConfigurationReadAgainIsTheSame() throws ConfigException {
        Config config = read(SMALLEST.replace("upstream: web", "{ host: '*.example', path: '/a b', upstream: web }"));

        assertThat(read(EffectiveYaml.of(config))).isEqualTo(config);
        assertThat(EffectiveYaml.of(config)).contains("  grace: 30s\n", "  body: unlimited\n");
    }

    @Test
    void anUnknownKeyIsNamedWithTheOneThatWasMeant() {
        assertThat(problems(SMALLEST.replace("upstream: web", "upstrem: web")))
                .containsExactly("p.yaml:7:5: unknown key 'upstrem', did you mean 'upstream'?");
    }

    @Test
    void anUnknownKeyNearNothingIsAnsweredWithTheKnownOnes() {
        assertThat(problems(SMALLEST + "shutdown: { whatever: 1 }\n"))
                .containsExactly("p.yaml:8:13: unknown key 'whatever'; known here: grace");
    }

    @Test
    void everyMistakeOfAFileIsReportedAtOnceInItsOrder() {
        assertThat(problems("""
                listeners: []
                loops: none
                upstreams:
                  web: { servers: [ localhost, ":80" ], keep-alive: { idle: -1 } }
                routes:
                  - { path: api, upstream: wbe, host: "a:80" }
                client: { head-timeout: 10, idle-timeout: 5 s }
                limits: { header: 8KiBs, headers: 0 }
                shutdwn: {}
                """))
                .containsExactly(
                        "p.yaml:1:12: 'listeners' must have at least 1 entry",
                        "p.yaml:2:8: expected a whole number, not 'none': 'none' is not a number",
                        "p.yaml:4:21: expected a server such as 127.0.0.1:9000, origin.example:80,"
                                + " unix:/run/origin.sock or https://origin.example, not 'localhost': the port is missing",
                        "p.yaml:4:32: a server needs a host and a port, such as 127.0.0.1:9000",
                        "p.yaml:4:61: 'idle' must be between 0 and 100000",
                        "p.yaml:6:13: a path starts with '/', not 'api'",
                        "p.yaml:6:28: there is no upstream 'wbe', did you mean 'web'?",
                        "p.yaml:6:39: expected a host such as example.com or *.example.com, not 'a:80'",
                        "p.yaml:7:25: expected a duration such as 250ms, 10s, 5m or 1h, not '10': the unit is missing",
                        "p.yaml:7:43: expected a duration such as 250ms, 10s, 5m or 1h, not '5 s':"
                                + " ' s' is not a unit of time",
                        "p.yaml:8:19: expected a size such as 512B, 64KB, 8KiB, 1MiB or unlimited, not '8KiBs':"
                                + " the unit is missing",
                        "p.yaml:8:35: 'headers' must be between 1 and 10000",
                        "p.yaml:9:1: unknown key 'shutdwn', did you mean 'shutdown'?");
    }

    @Test
    void aMissingKeyIsReportedWithItsMeaning() {
        assertThat(problems("routes: []\n"))
                .containsExactly("p.yaml:1:1: missing key 'listeners': Where to accept connections. At least one.");
        assertThat(problems(""))
                .containsExactly("p.yaml: missing key 'listeners': Where to accept connections. At least one.");
    }

    @Test
    void aKeyGivenTwiceIsReportedWithTheFirst() {
        assertThat(problems(SMALLEST + "loops: 1\nloops: 2\n"))
                .containsExactly("p.yaml:9:1: duplicate key 'loops', first given on line 8");
    }

    @Test
    void aValueOfTheWrongShapeIsReportedWithWhatWasExpected() {
        assertThat(problems("listeners: 8080\n")).containsExactly("p.yaml:1:12: expected a list, not '8080'");
        assertThat(problems("listeners: [ 8080 ]\n"))
                .containsExactly("p.yaml:1:14: expected a section with the keys [address, tls, connect], not '8080'");
        assertThat(problems("listeners: [ { address: [ a ] } ]\n"))
                .containsExactly("p.yaml:1:25: expected an address such as 127.0.0.1:8080, :8080, [::1]:8080,"
                        + " unix:/run/penstock.sock or systemd:NAME, not a list");
        assertThat(problems(SMALLEST + "admin: { expose: yes }\n"))
                .containsExactly("p.yaml:8:18: expected true or false, not 'yes': it is neither");
        assertThat(problems(SMALLEST + "access-log: { format: jsn }\n"))
                .containsExactly("p.yaml:8:23: expected text or json, not 'jsn': did you mean 'json'?");
        assertThat(problems("- a\n- b\n").getFirst())
                .startsWith("p.yaml:1:1: expected a section with the keys [listeners");
    }

    @Test
    void addressesAreCheckedToTheirLastPart() {
        for (String bad :
                List.of("::1:80", "[::g]:80", "a:b:80", "h:99999", "h:", "300.1.1.1:80", "a/b:80", "unix:x")) {
            assertThat(problems("listeners: [ { address: '" + bad + "' } ]\n"))
                    .as(bad)
                    .singleElement()
                    .asString()
                    .startsWith("p.yaml:1:25: expected an address such as ")
                    .contains("not '" + bad + "': ");
        }
        assertThat(problems("listeners: [ { address: '::1:80' } ]\n").getFirst())
                .endsWith("not '::1:80': an IPv6 address needs brackets: [::1]:port");
    }

    private static Config readWith(List<Systemd.Inherited> sockets, String... addresses) throws ConfigException {
        String listeners =
                Stream.of(addresses).map("  - address: %s\n"::formatted).collect(Collectors.joining());
        return ConfigFile.parse("p.yaml", "listeners:\n" + listeners, Path.of(""), _ -> null, Optional.of(sockets));
    }

    private static List<String> problemsWith(List<Systemd.Inherited> sockets, String... addresses) {
        return catchThrowableOfType(ConfigException.class, () -> readWith(sockets, addresses)).problems().stream()
                .map(Problem::toString)
                .toList();
    }

    @Test
    void socketsThatWereInheritedAreThoseThatWerePassed() throws ConfigException {
        var passed = List.of(
                new Systemd.Inherited(3, "http"), new Systemd.Inherited(4, "admin"), new Systemd.Inherited(5, "http"));
        assertThat(readWith(passed, "systemd:http", "fd:7").listeners())
                .extracting(listener -> ((InheritedSocket) listener.address()).among(passed))
                .containsExactly(List.of(3, 5), List.of(7));
        assertThat(readWith(passed, "systemd:http", "fd:7").listeners())
                .extracting(listener -> listener.address().toString())
                .containsExactly("systemd:http", "fd:7");

        assertThat(problemsWith(passed, "127.0.0.1:1", "systemd:htp"))
                .containsExactly("p.yaml:3:14: there is no socket systemd:htp, did you mean 'systemd:http'?");
        assertThat(problemsWith(passed, "systemd:web"))
                .containsExactly(
                        "p.yaml:2:14: there is no socket systemd:web; choose from systemd:admin, systemd:http");
        assertThat(problemsWith(List.of(), "systemd:http"))
                .containsExactly(
                        "p.yaml:2:14: there is no socket systemd:http: systemd has passed none to this process;"
                                + " start it by a .socket unit");
        assertThat(problemsWith(passed, "systemd:http", "fd:5", "systemd:http"))
                .containsExactly(
                        "p.yaml:3:14: descriptor 5 is taken by the listener on line 2",
                        "p.yaml:4:14: address systemd:http is taken by the listener on line 2");

        String anywhere = SMALLEST.replace("127.0.0.1:8080", "systemd:http");
        assertThat(read(anywhere).listeners())
                .as("who only checks need not have it")
                .hasSize(1);
        for (String bad : List.of("systemd:", "systemd:a:b", "fd:x", "fd:2", "fd:-1", "fd:")) {
            assertThat(problemsWith(passed, "'" + bad + "'"))
                    .as(bad)
                    .singleElement()
                    .asString()
                    .contains("not '" + bad + "': ");
        }
    }

    @Test
    void theAdminListenerStaysOnLoopbackUnlessExposed() throws ConfigException {
        assertThat(problems(SMALLEST + "admin: { address: 0.0.0.0:9901 }\n"))
                .containsExactly(
                        "p.yaml:8:19: the admin listener has no authentication, so 0.0.0.0:9901 must be a loopback"
                                + " address such as 127.0.0.1:9901, or set 'expose: true'");
        for (String local : List.of("127.0.0.1:1", "localhost:1", "'[::1]:1'", "unix:/run/a", "127.9.9.9:1")) {
            assertThat(read(SMALLEST + "admin: { address: " + local + " }\n")
                            .admin()
                            .address())
                    .as(local)
                    .isPresent();
        }
    }

    @Test
    void listenersAndRoutesMustDiffer() {
        assertThat(problems("""
                listeners:
                  - address: 127.0.0.1:8080
                  - address: 127.0.0.1:8080
                  - address: 127.0.0.1:0
                  - address: 127.0.0.1:0
                upstreams:
                  web: { servers: [ 127.0.0.1:9000 ] }
                routes:
                  - { host: A.example, path: /, upstream: web }
                  - { host: a.EXAMPLE, upstream: web }
                """))
                .containsExactly(
                        "p.yaml:3:14: address 127.0.0.1:8080 is taken by the listener on line 2",
                        "p.yaml:10:5: this route has the host and path of the one on line 9");
    }

    @Test
    void whatMetricsCallThePluginsIsNoNameOfAnUpstream() {
        assertThat(problems(SMALLEST.replace("web", "plugins")))
                .containsExactly("p.yaml:4:3: 'plugins' stands for something else in the metrics; choose another name");
    }

    @Test
    void anUpstreamWithMistakesIsStillKnownToRoutes() {
        assertThat(problems(SMALLEST.replace("[ 127.0.0.1:9000 ]", "[]")))
                .containsExactly("p.yaml:5:14: 'servers' must have at least 1 entry");
    }

    @Test
    void aRouteWithoutAnyUpstreamIsTold() {
        assertThat(problems("listeners: [ { address: ':1' } ]\nroutes: [ { upstream: web } ]\n"))
                .containsExactly("p.yaml:2:23: there is no upstream 'web'");
    }

    @Test
    void thePluginDirectoryMustExist() {
        assertThat(problems(SMALLEST + "plugins: nowhere\n"))
                .containsExactly("p.yaml:8:10: there is no directory /etc/penstock/nowhere");
    }

    @Test
    void variablesAreReplacedInEveryScalar() throws ConfigException {
        String text = SMALLEST.replace("127.0.0.1:8080", "${HOST:-127.0.0.1}:${PORT}") + "loops: ${LOOPS:-2}\n";
        Config config = read(text, Map.of("PORT", "81", "LOOPS", ""));

        assertThat(config.listeners().getFirst().address()).isEqualTo(new Address.Tcp("127.0.0.1", 81));
        assertThat(config.loops()).contains(2);
    }

    @Test
    void aVariableThatIsNotSetIsReportedWhereItIsUsed() {
        assertThat(problems(SMALLEST.replace("127.0.0.1:8080", "${NOWHERE}") + "loops: ${LOOPS-2}\n"))
                .containsExactly(
                        "p.yaml:2:14: the environment variable NOWHERE is not set; set it, or give a default with"
                                + " ${NOWHERE:-default}",
                        "p.yaml:8:8: malformed reference, expected ${NAME} or ${NAME:-default}");
    }

    @Test
    void aDollarCanBeEscaped() throws ConfigException {
        Config config = read(SMALLEST.replace("upstream: web", "{ path: '/$${x}', upstream: web }"));
        assertThat(config.routes().getFirst().path()).isEqualTo("/${x}");
        assertThat(read(EffectiveYaml.of(config))).isEqualTo(config);
    }

    @Test
    void textThatIsNotYamlIsReportedWhereItBreaks() {
        assertThat(problems("listeners:\n\t- address: x\n").getFirst())
                .startsWith("p.yaml:2:1: this is not YAML: found character");
        assertThat(problems("listeners: [\n").getFirst()).startsWith("p.yaml:2:1: this is not YAML: ");
        assertThat(problems("a: 1\n---\nb: 2\n").getFirst()).contains("this is not YAML: ");
        assertThat(problems("a: \u0007\n").getFirst()).contains("this is not YAML: ");
        assertThat(problems("a: *b\n").getFirst()).isEqualTo("p.yaml:1:4: this is not YAML: found undefined alias b");
    }

    @Test
    void theLineIsShownWithACaretUnderThePlace() {
        ConfigException failure = catchThrowableOfType(
                ConfigException.class, () -> read(SMALLEST.replace("upstream: web", "upstream: wep")));

        assertThat(failure.render()).isEqualTo("""
                p.yaml:7:15: there is no upstream 'wep', did you mean 'web'?
                     7 |   - upstream: wep
                       |               ^""");
    }

    @Test
    void aFileThatCannotBeReadIsReportedByItsName() throws Exception {
        Path missing = directory.resolve("missing.yaml");
        assertThat(catchThrowableOfType(ConfigException.class, () -> ConfigFile.load(missing)))
                .hasMessage(missing + ": no such file");
        assertThat(catchThrowableOfType(ConfigException.class, () -> ConfigFile.load(directory)))
                .hasMessage(directory + ": this is a directory, not a file");
        Path latin = Files.write(directory.resolve("latin.yaml"), "a: é".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(catchThrowableOfType(ConfigException.class, () -> ConfigFile.load(latin)))
                .hasMessage(latin + ": this is not UTF-8 text");
    }

    @Test
    void pathsAreRelativeToTheFile() throws Exception {
        Files.createDirectory(directory.resolve("hooks"));
        Path file = Files.writeString(directory.resolve("p.yaml"), SMALLEST + "plugins: hooks\n");
        assertThat(ConfigFile.load(file).plugins()).contains(directory.resolve("hooks"));
    }

    @Test
    void upgradesAndConnectAreRead() throws ConfigException {
        Config config = read("""
                listeners:
                  - address: 127.0.0.1:3128
                    connect: { allow: [ "*.example.com:443", "[::1]:*" ], internal: true, timeout: 3s }
                upstreams: { web: { servers: [ 127.0.0.1:9000 ] } }
                routes:
                  - { upstream: web, upgrades: [ tcp, h2c ] }
                  - { upstream: web, path: /none, upgrades: [] }
                tunnels: { idle-timeout: 5m, linger: 0s, lifetime: 24h }
                """);
        assertThat(config.listeners().getFirst().connect())
                .contains(new Config.Connect(
                        List.of(new ConnectTarget("*.example.com", 443), new ConnectTarget("::1", 0)),
                        true,
                        Duration.ofSeconds(3)));
        assertThat(config.routes())
                .map(Config.Route::upgrades)
                .containsExactly(Optional.of(List.of("tcp", "h2c")), Optional.of(List.of()));
        assertThat(config.tunnels())
                .isEqualTo(new Config.Tunnels(Duration.ofMinutes(5), Duration.ZERO, Duration.ofHours(24)));
        assertThat(read(SMALLEST).tunnels())
                .isEqualTo(new Config.Tunnels(Duration.ofHours(1), Duration.ofHours(1), Duration.ZERO));
    }

    @Test
    void mistakesInUpgradesAndConnectAreReportedWhereTheyStand() {
        assertThat(problems("listeners: [ { address: ':1', connect: { allow: [ 'a.example', '*a.example:1' ] } } ]\n"))
                .containsExactly(
                        "p.yaml:1:51: expected a host and a port such as example.com:443, *.example.com:443 or *:443, not"
                                + " 'a.example': the port is missing; :* is any port",
                        "p.yaml:1:64: expected a host and a port such as example.com:443, *.example.com:443 or *:443, not"
                                + " '*a.example:1': * stands alone, or before the first dot: '*a.example'");
        assertThat(problems("listeners: [ { address: ':1', connect: { allow: [] } } ]\n"))
                .singleElement()
                .asString()
                .startsWith("p.yaml:1:49: ");
        assertThat(problems(SMALLEST + "tunnels: { idle-timeout: -1s }\n")).hasSize(1);
        assertThat(problems(SMALLEST.replace("upstream: web\n", "upstream: web\n    upgrades: [ 'two words' ]\n")))
                .containsExactly("p.yaml:8:17: expected a protocol such as websocket or tcp, not 'two words'");
        assertThat(problems(SMALLEST.replace("upstream: web\n", "upstream: web\n    upgrades: [ '*' ]\n")))
                .containsExactly("p.yaml:8:17: '*' is not a protocol: name each that clients may upgrade to,"
                        + " as [websocket, tcp]");
        assertThat(problems(SMALLEST.replace("upstream: web\n", "upstream: web\n    upgrades:\n")))
                .containsExactly("p.yaml:8:5: 'upgrades' has no value; write [] for none, or leave it out");
        assertThat(problems("listeners: [ { address: ':1', connect: { allow: [ 'http://x:80' ] } } ]\n"))
                .containsExactly("p.yaml:1:51: expected a host and a port such as example.com:443, *.example.com:443 or"
                        + " *:443, not 'http://x:80': write it without a scheme, as host:port");
        assertThat(problems(SMALLEST + "tunnels: { lifetime: never }\n"))
                .containsExactly("p.yaml:8:22: expected a duration such as 250ms, 10s, 5m or 1h, not 'never':"
                        + " where there may be no limit, it is written 0s");
    }
}
