import io.penstock.http.*;
import io.penstock.proxy.*;
import java.nio.file.*;

/** Serves the page, and lets nothing through to the engine but terminals: whoever may start containers may do everything. */
public final class Terminal implements Plugin {
    private static final Path PAGE = Path.of(System.getProperty("terminal.page", "examples/terminal/terminal.html"));

    private static final String OWN_CONTENT_ONLY =
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'";

    @Override
    public void start(PluginContext penstock) throws Exception {
        byte[] page = Files.readAllBytes(PAGE);
        penstock.route("/terminal", exchange -> exchange.respond(
                200,
                Headers.of("Content-Type", "text/html; charset=utf-8", "Content-Security-Policy", OWN_CONTENT_ONLY),
                page));
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            if (!isHarmless(transaction.request())) transaction.respond(403, "terminals only\n");
        });
    }

    /** What is let through is named, and not what is not: there are many ways to write the path of everything else. */
    private static boolean isHarmless(RequestHead request) {
        boolean terminal = request.path().matches("/containers/[\\w.-]+/attach/ws") && request.offers("websocket");
        return request.path().equals("/terminal") || request.method().equals("GET") && terminal;
    }
}
