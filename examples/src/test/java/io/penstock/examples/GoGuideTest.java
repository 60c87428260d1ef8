package io.penstock.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.ResponseHead;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the guide for those who come from Go says of our side, looked up and done. */
class GoGuideTest {
    private static final Pattern NAMED = Pattern.compile("\\b([A-Za-z]+)\\.([A-Za-z]+)\\b");
    private static final List<String> PACKAGES =
            List.of("io.penstock.net.", "io.penstock.http.", "io.penstock.http.websocket.", "io.penstock.proxy.");
    private static final Map<String, String> CALLED = Map.of("server", "HttpServer", "http", "HttpClient");

    private record Request(String text, Handler handler) {}

    private static final Map<String, Request> BEFORE = Map.of(
            "nothing",
            get("", exchange -> {}),
            "a head with `X-A: 1`",
            get("", exchange -> start(exchange, "X-A", "1")),
            "the same, for HTTP/1.0",
            new Request("GET / HTTP/1.0\r\n\r\n", exchange -> start(exchange, "X-A", "1")),
            "the same, for HEAD",
            new Request("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", exchange -> start(exchange, "X-A", "1")),
            "the same, asked with `Connection: close`",
            get("Connection: close\r\n", exchange -> start(exchange, "X-A", "1")),
            "a head with `Content-Length: 3`",
            get("", exchange -> start(exchange, "Content-Length", "3")),
            "a head, and `LOST` of its body",
            get("", exchange -> exchange.start(ResponseHead.of(200)).send("LOST")),
            "a head, and 3000 bytes of its body",
            get("", exchange -> exchange.start(ResponseHead.of(200)).send("x".repeat(3000))),
            "a head, `one` of its body, and flushed it",
            get("", exchange -> {
                var body = exchange.start(ResponseHead.of(200));
                body.send("one");
                body.flush();
            }));

    private static final Request UPGRADE = get(
            "Connection: Upgrade\r\nUpgrade: x\r\n",
            exchange -> exchange.upgrade("x", Headers.of()).send("RAW"));

    private static Request get(String headers, Handler handler) {
        return new Request("GET / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n", handler);
    }

    private static void start(Exchange exchange, String name, String value) throws IOException {
        exchange.start(ResponseHead.of(200, Headers.of(name, value)));
    }

    @Test
    void whatIsOnTheWireIsWhatItsTableSays() throws Exception {
        var seen = new ArrayList<String>();
        for (List<String> row : rows("<!-- wire: begin -->", "<!-- wire: end -->")) {
            String before = row.get(0);
            seen.add(before);
            String here = before.startsWith("`101`")
                    ? received(UPGRADE.text(), UPGRADE.handler())
                    : received(BEFORE.get(before).text(), exchange -> {
                        BEFORE.get(before).handler().handle(exchange);
                        exchange.takeOver().send("RAW");
                    });
            assertThat("`" + here + "`").as(before).isEqualTo(row.get(2));
        }
        assertThat(seen).hasSize(BEFORE.size() + 1).doesNotHaveDuplicates();
    }

    /** All that a client receives, as the table has it. */
    private static String received(String request, Handler handler) throws Exception {
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), handler);
                var socket = new Socket("127.0.0.1", ((InetSocketAddress) server.address()).getPort())) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1)
                    .replaceFirst("\r\nDate: [^\r]*\r\n", "\r\nDate: D\r\n")
                    .replace("x".repeat(3000), "(3000 bytes)")
                    .replace("\r\n", "⏎");
        }
    }

    @Test
    void everyNameOfOursExists() throws Exception {
        var unknown = new TreeSet<String>();
        int known = 0;
        var rows = new ArrayList<>(rows("## The server", "## On the wire"));
        rows.addAll(rows("## The client", "## The reverse proxy"));
        for (List<String> row : rows) {
            var named = NAMED.matcher(row.get(1));
            while (named.find()) {
                if (exists(named.group(1), named.group(2))) known++;
                else unknown.add(named.group());
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(known).isGreaterThan(30);
    }

    private static boolean exists(String owner, String member) {
        String type = CALLED.getOrDefault(owner, Character.toUpperCase(owner.charAt(0)) + owner.substring(1));
        return PACKAGES.stream()
                .flatMap(where -> {
                    try {
                        return Stream.of(Class.forName(where + type));
                    } catch (ClassNotFoundException _) {
                        return Stream.empty();
                    }
                })
                .anyMatch(found -> Stream.concat(Arrays.stream(found.getMethods()), Arrays.stream(found.getFields()))
                        .anyMatch(each -> each.getName().equals(member)));
    }

    /** The cells of the rows of the tables between two places of the page. */
    private static List<List<String>> rows(String from, String to) throws IOException {
        String text = Page.of("docs/coming-from-go.md").text();
        return text.substring(text.indexOf(from), text.indexOf(to))
                .lines()
                .filter(line -> line.startsWith("| ") && !line.endsWith("| difference |") && !line.endsWith("| here |"))
                .map(line -> Stream.of(line.substring(2, line.length() - 1).split(" \\|(?= |$)", -1))
                        .map(String::strip)
                        .toList())
                .toList();
    }
}
