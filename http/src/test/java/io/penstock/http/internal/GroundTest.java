package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.testkit.Await;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of what a handler finds, on every {@link Ground}: what fails in a handler fails the test, and nothing is left open. */
@ParameterizedClass(name = "{0}")
@EnumSource(Ground.class)
abstract class GroundTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    @Parameter
    Ground ground;

    Loops loops;

    final List<String> seen = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() {
        // handlers fail here on purpose
        for (Class<?> each : List.of(ServerExchange.class, TakeOver.class)) {
            ((ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger(each))
                    .setLevel(ch.qos.logback.classic.Level.OFF);
        }
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    }

    @AfterEach
    void close() {
        boolean allEnded =
                Await.within(Await.LIMIT, () -> loops.all().getFirst().connections() == 0);
        boolean inOrder = loops.close(Duration.ofSeconds(10));
        assertThat(failures).isEmpty();
        assertThat(allEnded && inOrder).isTrue();
    }

    Served serve(Handler handler) throws ConnectionException {
        return serve(HttpServerOptions.DEFAULT, handler);
    }

    Served serve(HttpServerOptions options, Handler handler) throws ConnectionException {
        return ground.serve(loops, options, recorded(handler));
    }

    Handler recorded(Handler handler) {
        return exchange -> {
            seen.add(exchange.request().toString());
            try {
                handler.handle(exchange);
            } catch (Throwable e) {
                if (!isMeant(e)) failures.add(e);
                throw e;
            }
        };
    }

    /** Whether a handler may fail by this: a connection that ends, or what a test has it fail by and says so. */
    private static boolean isMeant(Throwable e) {
        return e instanceof ConnectionException
                || e instanceof InterruptedException
                || "on purpose".equals(e.getMessage());
    }

    static String request(String method, String path, String... fields) {
        var text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: x\r\n");
        for (String field : fields) text.append(field).append("\r\n");
        return text.append("\r\n").toString();
    }

    static String get(String path) {
        return request("GET", path);
    }

    static void hello(Exchange exchange) throws ConnectionException {
        exchange.respond(200, "hello " + exchange.request().path() + "\n");
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Bytes among which one that is lost or in the wrong place shows. */
    static byte[] bytes(int count) {
        var bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    static String textOf(Connection connection, int size) throws ConnectionException {
        return text(connection.receive(size));
    }

    static String dateless(String answer) {
        return answer.replaceAll("Date: [^\r]*\r\n", "");
    }
}
