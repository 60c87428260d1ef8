package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.penstock.http.ClientExchange;
import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.HandOver;
import io.penstock.net.Relay;
import io.penstock.net.Scope;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a handler is given as its client's connection tells everything, and gets nowhere: that is for whoever has taken it over. */
class GuardedConnectionTest extends GroundTest {
    /** What goes on; all else, be it added tomorrow, is refused. */
    private static final Set<String> TELLING = Set.of(
            "id",
            "origin",
            "localAddress",
            "remoteAddress",
            "proxyHeader",
            "loop",
            "stats",
            "tls",
            "scope",
            "isOpen",
            "buffered",
            "inputEnd",
            "onInputEnd",
            "timeouts",
            "deadline",
            "option",
            "abort");

    private final List<String> refusals = new CopyOnWriteArrayList<>();

    private interface Use {
        void of(Connection connection) throws Exception;
    }

    /** In the middle of two pipelined requests, which are to be answered as if nothing had been tried. */
    private void refused(String why, Use use) throws Exception {
        try (var served = serve(exchange -> {
            Throwable refusal = catchThrowable(() -> use.of(exchange.connection()));
            refusals.add(String.valueOf(refusal));
            hello(exchange);
        })) {
            served.send(get("/1") + get("/2"));
            assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 200").endsWith("hello /1\n");
            assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 200").endsWith("hello /2\n");
            assertThat(refusals)
                    .hasSize(2)
                    .allMatch(text ->
                            text.startsWith("java.lang.IllegalStateException: connection ") && text.contains(why));
            refusals.clear();
        }
    }

    private void refused(Use use) throws Exception {
        refused("belongs to HTTP until takeOver()", use);
    }

    @Test
    void itCanNeitherBeReadNorWrittenNorGivenAway() throws Exception {
        for (Method each : Connection.class.getMethods()) {
            if (Modifier.isStatic(each.getModifiers()) || TELLING.contains(each.getName())) continue;
            refused(connection -> call(each, connection));
        }
    }

    private static void call(Method method, Connection connection) throws Exception {
        try {
            method.invoke(
                    connection,
                    Arrays.stream(method.getParameterTypes())
                            .map(GuardedConnectionTest::any)
                            .toArray());
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception thrown) throw thrown;
            throw e;
        }
    }

    private static @Nullable Object any(Class<?> type) {
        if (type == int.class) return 1;
        if (type == long.class) return 1L;
        if (type == byte[].class) return new byte[] {'x'};
        if (type == String.class || type == CharSequence.class) return "RAW\n";
        if (type == ByteBuffer.class) return ByteBuffer.allocate(1);
        if (type == ByteBuffer[].class) return new ByteBuffer[] {ByteBuffer.allocate(1)};
        if (type == Scope.class) return Scope.PROCESS;
        return null;
    }

    @Test
    void everythingThatTakesAConnectionRefusesItToo() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        pair.second().send("hello");
        List<Use> takers = List.of(
                connection -> Relay.between(connection, pair.first()),
                connection -> Relay.between(pair.first(), connection),
                connection -> pair.first().transferTo(connection),
                HandOver::over,
                ClientExchange::on,
                connection -> HttpServer.serve(connection, _ -> {}));
        for (Use each : takers) refused(each);
        assertThat(pair.first().receive(5)).asString().isEqualTo("hello");
        pair.first().abort();
    }

    @Test
    void behindATakeOverItSaysWhoseItIs() throws Exception {
        try (var served = serve(exchange -> {
            Connection shown = exchange.connection();
            Connection raw = exchange.takeOver();
            refusals.add(String.valueOf(catchThrowable(() -> shown.send("x"))));
            shown.abort(); // ends nothing: it is the taker's
            raw.send("raw\n");
            raw.resumeHttp();
            refusals.add(String.valueOf(catchThrowable(() -> shown.send("x"))));
        })) {
            served.send(get("/"));
            assertThat(served.client().receiveLine()).isEqualTo("raw");
            assertThat(served.awaitEnd()).isTrue();
            assertThat(refusals.get(0)).contains("was taken over: use the one that whoever took it over was given");
            assertThat(refusals.get(1)).contains("belongs to HTTP until takeOver()");
        }
    }

    @Test
    void whoeverIsToldOfConnectionsHasTheSame() throws Exception {
        var told = new CopyOnWriteArrayList<Connection>();
        var service = new HttpService(HttpServerOptions.DEFAULT, new Handler() {
            @Override
            public void opened(Connection connection) {
                refusals.add(String.valueOf(catchThrowable(() -> connection.send("RAW\n"))));
                told.add(connection);
            }

            @Override
            public void handle(Exchange exchange) throws ConnectionException {
                told.add(exchange.connection());
                hello(exchange);
            }

            @Override
            public void closed(Connection connection) {
                told.add(connection);
            }
        });
        try (var served = ground.serve(loops, service)) {
            served.send(get("/1")).receiveAnswer();
            assertThat(served.awaitEnd()).isTrue();
        }
        assertThat(told).hasSize(3).allMatch(each -> each == told.getFirst());
        assertThat(refusals).singleElement().asString().contains("belongs to HTTP");
    }

    @Test
    void itTellsWhatItIsAndHasLimits() throws Exception {
        try (var served = serve(exchange -> {
            Connection shown = exchange.connection();
            assertThat(shown.isOpen()).isTrue();
            assertThat(shown.id()).isPositive();
            assertThat(shown.toString()).contains("connection " + shown.id());
            assertThat(shown.stats().received()).isPositive();
            assertThat(shown.buffered()).isZero();
            assertThat(shown.inputEnd()).isEmpty();
            assertThat(shown.origin()).isNotEqualTo(Connection.Origin.TAKEN_OVER);
            assertThat(shown.tls()).isEmpty();
            shown.timeouts(shown.timeouts().withRead(Duration.ofSeconds(7)));
            assertThat(shown.timeouts().read()).isEqualTo(Duration.ofSeconds(7));
            shown.deadline(Duration.ofSeconds(9)).close();
            if (exchange.request().path().equals("/2")) shown.abort();
            else hello(exchange);
        })) {
            assertThat(served.send(get("/1")).receiveAnswer()).endsWith("hello /1\n");
            Throwable reset = catchThrowable(() -> served.send(get("/2")).receiveAll());
            assertThat(reset)
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(ConnectionException.Reason.RESET));
        }
    }
}
