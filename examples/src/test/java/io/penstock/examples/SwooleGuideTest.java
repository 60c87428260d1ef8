package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientEnd.Cause;
import io.penstock.net.client.ClientHandler;
import io.penstock.net.client.ClientOptions;
import java.io.IOException;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the guide for those who come from Swoole says of our side, looked up, and whether it has all of theirs. */
class SwooleGuideTest {
    /** What {@code set()} of the three faces takes. */
    private static final Set<String> OPTIONS = Set.of(
            ("open_eof_check open_eof_split package_eof open_length_check package_length_type package_length_offset"
                            + " package_body_offset package_length_func package_max_length open_mqtt_protocol"
                            + " open_fastcgi_protocol open_http2_protocol open_ssl socket_buffer_size"
                            + " buffer_high_watermark buffer_low_watermark bind_address bind_port open_tcp_nodelay"
                            + " timeout connect_timeout read_timeout write_timeout"
                            + " socks5_host socks5_port socks5_username socks5_password"
                            + " http_proxy_host http_proxy_port http_proxy_username http_proxy_user http_proxy_password"
                            + " ssl_verify_peer ssl_allow_self_signed ssl_host_name ssl_cafile ssl_capath"
                            + " ssl_verify_depth ssl_cert_file ssl_key_file ssl_passphrase ssl_ciphers ssl_protocols"
                            + " ssl_compress ssl_disable_compression ssl_ecdh_curve ssl_grease")
                    .split(" "));

    private static final Set<String> EVENTS =
            Set.of("connect", "receive", "error", "close", "bufferFull", "bufferEmpty");

    private static final Set<String> METHODS = Set.of(
            ("new set on connect isConnected send sendto sendfile recv peek recvfrom close shutdown sleep pause wakeup"
                            + " resume enableSSL getsockname getpeername getPeerCert verifyPeerCert getSocket"
                            + " exportSocket select pipe errCode errMsg sock fd reuse reuseCount connected id type"
                            + " setting socket")
                    .split(" "));

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern NAMED = Pattern.compile("\\b(?:new )?([A-Za-z0-9]+)\\.([A-Za-z0-9_]+)\\b");
    private static final List<String> OWNERS = List.of(
            "io.penstock.net.",
            "io.penstock.net.client.",
            "io.penstock.net.Framing$",
            "io.penstock.net.Via$",
            "io.penstock.net.TlsTrust$",
            "io.penstock.net.Framing$Delimiter$",
            "io.penstock.net.client.ClientEnd$",
            "java.lang.",
            "java.net.");
    private static final Map<String, String> CALLED = Map.of("e", "ConnectionException");

    @Test
    void everyOptionHasItsRow() throws Exception {
        assertThat(first("options")).containsExactlyInAnyOrderElementsOf(OPTIONS);
    }

    @Test
    void everyEventHasItsRow() throws Exception {
        assertThat(first("events")).containsExactlyInAnyOrderElementsOf(EVENTS);
        for (Method each : ClientHandler.class.getMethods()) {
            assertThat(text()).contains("`ClientHandler." + each.getName() + "`");
        }
    }

    @Test
    void everyMethodHasItsRow() throws Exception {
        assertThat(first("methods").stream()
                        .filter(name -> name.matches("\\w+"))
                        .filter(name -> !name.matches("[A-Z_]+"))
                        .collect(Collectors.toSet()))
                .isEqualTo(METHODS);
    }

    /** The names in the first cells of a table, without their arguments. */
    private static List<String> first(String table) throws IOException {
        return rows(table).stream()
                .flatMap(row -> codes(row.getFirst()))
                .map(name -> name.replaceFirst("\\(.*", ""))
                .distinct()
                .toList();
    }

    @Test
    void everyNameOfOursExists() throws Exception {
        var unknown = new TreeSet<String>();
        int known = 0;
        var cells = new ArrayList<String>();
        for (String table : List.of("options", "events", "methods")) {
            for (List<String> row : rows(table)) cells.addAll(row.subList(1, row.size()));
        }
        for (MatchResult named : cells.stream()
                .flatMap(SwooleGuideTest::codes)
                .flatMap(code -> NAMED.matcher(code).results())
                .toList()) {
            if (exists(named.group(1), named.group(2))) known++;
            else unknown.add(named.group());
        }
        assertThat(unknown).isEmpty();
        assertThat(known).isGreaterThan(60);
    }

    @Test
    void everyReasonOfTheTablesExists() throws Exception {
        var known = Stream.of(Reason.values(), ClientEnd.Cause.values(), ConnectionException.Phase.values())
                .flatMap(Stream::of)
                .map(Enum::name)
                .collect(Collectors.toSet());
        var named = new TreeSet<String>();
        rows("codes").stream().flatMap(row -> codes(row.getLast())).forEach(named::add);
        rows("states").stream()
                .flatMap(row -> row.subList(1, row.size()).stream())
                .flatMap(SwooleGuideTest::codes)
                .forEach(named::add);
        named.removeIf(name -> !name.matches("[A-Z_]{4,}"));
        assertThat(known).containsAll(named);
        assertThat(named).hasSizeGreaterThan(15);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPeerThatTakesNothingEndsAClientWithItsWriteTimeout(boolean paused) throws Exception {
        var ended = new CompletableFuture<ClientEnd>();
        var impatient = ConnectorOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withWrite(Duration.ofMillis(200)));
        var deaf = new CompletableFuture<Void>();
        try (var loops = Loops.open();
                var server = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), _ -> deaf.join())) {
            Client client = Client.of(loops, ClientOptions.DEFAULT.withConnector(impatient), new ClientHandler() {
                @Override
                public void onConnect(Client client) {
                    if (paused) client.pause();
                    client.send(new byte[8 << 20]);
                }

                @Override
                public void onReceive(Client client, ByteBuffer packet) {}

                @Override
                public void onError(Client client, ConnectionException failure) {
                    ended.completeExceptionally(failure);
                }

                @Override
                public void onClose(Client client, ClientEnd end) {
                    ended.complete(end);
                }
            });
            client.connect(server.address());
            assertThat(ended.get(20, TimeUnit.SECONDS).cause()).isEqualTo(Cause.TIMEOUT);
            deaf.complete(null);
        }
    }

    private static boolean exists(String owner, String member) {
        String type = CALLED.getOrDefault(owner, Character.toUpperCase(owner.charAt(0)) + owner.substring(1));
        return OWNERS.stream()
                .flatMap(where -> {
                    try {
                        return Stream.of(Class.forName(where + type));
                    } catch (ClassNotFoundException _) {
                        return Stream.empty();
                    }
                })
                .flatMap(found -> Stream.of(found.getMethods(), found.getFields(), found.getClasses())
                        .flatMap(Stream::of))
                .map(each -> each instanceof Class<?> nested ? nested.getSimpleName() : ((Member) each).getName())
                .anyMatch(member::equals);
    }

    private static String text() throws IOException {
        return Page.of("docs/coming-from-swoole.md").text();
    }

    private static Stream<String> codes(String cell) {
        return CODE.matcher(cell).results().map(match -> match.group(1));
    }

    /** The cells of the rows of a table, without its head. */
    private static List<List<String>> rows(String table) throws IOException {
        String text = text();
        return text.substring(
                        text.indexOf("<!-- " + table + ": begin -->"), text.indexOf("<!-- " + table + ": end -->"))
                .lines()
                .filter(line -> line.startsWith("| "))
                .skip(1)
                .map(line -> Stream.of(line.substring(2, line.length() - 1).split(" \\|(?= |$)", -1))
                        .map(String::strip)
                        .toList())
                .toList();
    }
}
