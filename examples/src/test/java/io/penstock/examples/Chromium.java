package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.penstock.http.Headers;
import io.penstock.http.HttpClient;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionTimeoutException;

/** A browser without a window, with a profile of its own and one page, that is driven by its DevTools protocol over our own WebSocket. */
final class Chromium implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://127\\.0\\.0\\.1:(\\d+)/");
    private static final Pattern PAGE = Pattern.compile("\"webSocketDebuggerUrl\":\\s*\"(ws://[^\"]*/page/[^\"]*)\"");
    private static final WebSocketOptions LARGE = WebSocketOptions.DEFAULT.withMessageLimit(32 * 1024 * 1024);

    private final Process process;
    private final Loops loops = Loops.open();
    private final Pool pool = Pool.of(Connector.of(loops));
    private final WebSocket tools;
    private int calls;

    private Chromium(Path profile) throws Exception {
        var builder = new ProcessBuilder(List.of(
                "chromium",
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                "--window-size=760,440",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank"));
        builder.environment().put("TMPDIR", Files.createDirectories(profile).toString());
        process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            tools = WebSocket.connect(HttpClient.of(pool), page(port()), Headers.of(), LARGE);
        } catch (Exception | Error e) {
            end();
            throw e;
        }
    }

    /**
     * Starts one. Skips the test where there is none, and fails it where {@code CI=true}.
     *
     * @param profile a directory that is the test's to remove
     */
    static Chromium open(Path profile) throws Exception {
        try {
            new ProcessBuilder("chromium", "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) fail("chromium must be installed where CI=true", e);
            abort("chromium is not installed");
        }
        return new Chromium(profile);
    }

    private int port() throws IOException {
        var said = new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8));
        var seen = new StringBuilder();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            seen.append(line).append('\n');
            Matcher listening = LISTENING.matcher(line);
            if (!listening.find()) continue;
            Thread.ofPlatform().daemon().start(() -> discard(said));
            return Integer.parseInt(listening.group(1));
        }
        throw new AssertionError("chromium has ended:\n" + seen);
    }

    private static void discard(BufferedReader said) {
        try (said) {
            while (said.readLine() != null) {
                // it has much to say
            }
        } catch (IOException _) {
            // it was ended
        }
    }

    private static String page(int port) {
        var found = new String[1];
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            Matcher page = PAGE.matcher(
                    Web.get("http://127.0.0.1:" + port + "/json/list").body());
            if (page.find()) found[0] = page.group(1);
            return found[0] != null;
        });
        return found[0];
    }

    /** Calls a method of the DevTools protocol; the answer as text. */
    private String call(String method, String parameters) throws Exception {
        int id = ++calls;
        tools.send("{\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + parameters + "}");
        while (tools.receive() instanceof Message.Text(String answer)) {
            if (answer.startsWith("{\"id\":" + id + ",")) return answer; // all else are events
        }
        throw new AssertionError("chromium has closed");
    }

    void open(String url) throws Exception {
        call("Page.navigate", "{\"url\":\"" + url + "\"}");
    }

    /** Waits until an expression of JavaScript is true in the page. */
    void awaitTrue(String expression) throws Exception {
        String parameters =
                "{\"expression\":\"" + expression.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
        try {
            await(expression)
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> call("Runtime.evaluate", parameters).contains("\"type\":\"boolean\",\"value\":true"));
        } catch (ConditionTimeoutException e) {
            String page = call("Runtime.evaluate", "{\"expression\":\"document.body.innerText\"}");
            throw new AssertionError(
                    expression + " did not become true: " + call("Runtime.evaluate", parameters) + "\nin " + page, e);
        }
    }

    /** Presses the keys of a text, one by one; a line feed is Enter. */
    void type(String text) throws Exception {
        for (char c : text.toCharArray()) {
            String key = c == '\n'
                    ? "\"key\":\"Enter\",\"code\":\"Enter\",\"windowsVirtualKeyCode\":13,\"text\":\"\\r\""
                    : "\"key\":\"%1$s\",\"text\":\"%1$s\"".formatted(c == '"' || c == '\\' ? "\\" + c : c);
            call("Input.dispatchKeyEvent", "{\"type\":\"keyDown\"," + key + "}");
            call("Input.dispatchKeyEvent", "{\"type\":\"keyUp\"," + key.replaceAll(",\"text\".*", "") + "}");
        }
    }

    /** What the page looks like, as PNG. */
    byte[] screenshot() throws Exception {
        String answer = call("Page.captureScreenshot", "{\"format\":\"png\"}");
        Matcher data = Pattern.compile("\"data\":\"([^\"]*)\"").matcher(answer);
        if (!data.find()) throw new AssertionError("no screenshot: " + answer);
        return Base64.getDecoder().decode(data.group(1));
    }

    @Override
    public void close() throws Exception {
        try {
            call("Browser.close", "{}");
            tools.close();
            boolean _ = process.waitFor(10, TimeUnit.SECONDS);
        } finally {
            end();
        }
    }

    private void end() throws InterruptedException {
        pool.close();
        loops.close();
        List<ProcessHandle> started = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
        started.forEach(ProcessHandle::destroyForcibly);
        await().atMost(Duration.ofSeconds(10)).until(() -> started.stream().noneMatch(ProcessHandle::isAlive));
    }
}
