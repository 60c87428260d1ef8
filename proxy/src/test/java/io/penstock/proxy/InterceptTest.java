package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Listener;
import io.penstock.net.Scope;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.NetEvent;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A plugin in the place of a server: the client's, or the origin. */
class InterceptTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    /** The four calls. */
    enum Call {
        WHOLE((transaction, server) -> transaction.intercept(server)),
        WHOLE_TOLD((transaction, server) -> transaction.intercept(told(server))),
        ORIGIN((transaction, server) -> transaction.interceptAsOrigin(server)),
        ORIGIN_TOLD((transaction, server) -> transaction.interceptAsOrigin(told(server)));

        final BiConsumer<Transaction, Listener.Handler> intercept;

        Call(BiConsumer<Transaction, Listener.Handler> intercept) {
            this.intercept = intercept;
        }

        boolean isWhole() {
            return this == WHOLE || this == WHOLE_TOLD;
        }
    }

    /** The same server in event style; what it throws resets the connection, as a listener does. */
    private static Continuation told(Listener.Handler server) {
        return Continuation.of((_, event) -> {
            Connection connection = ((NetEvent.Accepted) event).connection();
            try (connection) {
                server.handle(connection);
            } catch (Exception e) {
                connection.abort();
            }
        });
    }

    private static Rig.Setup intercepted(Call call, Listener.Handler server) throws IOException {
        return Rig.alone()
                .plugin(
                        "teapot",
                        penstock -> penstock.on(
                                Hook.READ_REQUEST_HEAD, transaction -> call.intercept.accept(transaction, server)));
    }

    private static List<String> head(Connection connection) throws ConnectionException {
        var lines = new ArrayList<String>();
        for (String line = connection.receiveLine(); !line.isEmpty(); line = connection.receiveLine()) lines.add(line);
        return lines;
    }

    private static String field(List<String> head, String name) {
        String prefix = name.toLowerCase(Locale.ROOT) + ": ";
        return head.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                .map(line -> line.substring(prefix.length()))
                .findFirst()
                .orElse(null);
    }

    private static void answer(Connection connection, String body) throws ConnectionException {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    // ---- what a plugin reads and writes

    @Test
    @DisplayName("INTERCEPT: the plugin answers, without a route, an origin or an address of the host")
    void intercept() throws Exception {
        for (Call call : new Call[] {Call.WHOLE, Call.WHOLE_TOLD}) {
            var heads = new LinkedBlockingQueue<List<String>>();
            try (var rig = intercepted(call, connection -> {
                                List<String> head = head(connection);
                                heads.add(head);
                                answer(connection, "Body for response " + field(head, "X-Id"));
                            })
                            .only("elsewhere.test", "/")
                            .start();
                    var client = rig.client()) {
                client.send(
                        "GET http://nobody.invalid/a?b=c HTTP/1.1\nHost: nobody.invalid\nX-Id: 9\nTE: trailers\n\n");
                Message answer = client.answer("GET");
                assertThat(answer.body()).isEqualTo("Body for response 9");
                assertThat(answer.has("Via")).as("nothing was forwarded").isFalse();
                assertThat(heads.take())
                        .containsExactly(
                                "GET http://nobody.invalid/a?b=c HTTP/1.1",
                                "Host: nobody.invalid",
                                "X-Id: 9",
                                "Connection: close");
                TransactionRecord record = rig.record();
                assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
                assertThat(record.upstream()).isNull();
                assertThat(record.origin()).hasToString("plugin teapot");
                assertThat(client.get("/", "X-Id: 10").body())
                        .as("the client's connection goes on")
                        .isEqualTo("Body for response 10");
            }
        }
    }

    @Test
    @DisplayName("SERVER-INTERCEPT: the plugin is the origin; route, hooks and forwarding are as for any other")
    void serverIntercept() throws Exception {
        for (Call call : new Call[] {Call.ORIGIN, Call.ORIGIN_TOLD}) {
            var hooks = new CopyOnWriteArrayList<Hook<?>>();
            var heads = new LinkedBlockingQueue<List<String>>();
            try (var rig = intercepted(call, connection -> {
                                List<String> head = head(connection);
                                heads.add(head);
                                answer(connection, "Body for response " + field(head, "X-Id"));
                            })
                            .plugin("watcher", penstock -> {
                                for (Hook<?> hook : Hook.all()) penstock.on(hook, _ -> hooks.add(hook));
                                penstock.on(
                                        Hook.SEND_REQUEST_HEAD,
                                        transaction -> transaction
                                                .originRequest()
                                                .headers()
                                                .set("X-Added", "1"));
                                penstock.on(
                                        Hook.READ_RESPONSE_HEAD,
                                        transaction ->
                                                transaction.response().headers().set("X-Seen", "1"));
                            })
                            .start();
                    var client = rig.client()) {
                client.send("GET http://nobody.invalid/ HTTP/1.1\nHost: nobody.invalid\nX-Id: 10\n\n");
                Message answer = client.answer("GET");
                assertThat(answer.body()).isEqualTo("Body for response 10");
                assertThat(answer.field("X-Seen")).isEqualTo("1");
                assertThat(answer.has("Via")).isTrue();
                List<String> head = heads.take();
                assertThat(head.getFirst()).isEqualTo("GET / HTTP/1.1");
                assertThat(field(head, "X-Added")).isEqualTo("1");
                assertThat(field(head, "X-Forwarded-For")).isEqualTo("127.0.0.1");
                assertThat(rig.record().upstream()).isEqualTo("web");
                assertThat(hooks)
                        .containsExactly(
                                Hook.SESSION_START,
                                Hook.TRANSACTION_START,
                                Hook.READ_REQUEST_HEAD,
                                Hook.PRE_REMAP,
                                Hook.POST_REMAP,
                                Hook.CACHE_LOOKUP_COMPLETE,
                                Hook.SEND_REQUEST_HEAD,
                                Hook.READ_RESPONSE_HEAD,
                                Hook.SEND_RESPONSE_HEAD,
                                Hook.TRANSACTION_CLOSE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"WHOLE", "WHOLE_TOLD"})
    void ofAWholeInterceptThereAreTheHooksOfTheClientOnly(Call call) throws Exception {
        var hooks = new CopyOnWriteArrayList<Hook<?>>();
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            answer(connection, "ok");
                        })
                        .plugin("watcher", penstock -> {
                            for (Hook<?> hook : Hook.all()) penstock.on(hook, _ -> hooks.add(hook));
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("ok");
            rig.record();
            assertThat(hooks)
                    .containsExactly(
                            Hook.SESSION_START,
                            Hook.TRANSACTION_START,
                            Hook.READ_REQUEST_HEAD,
                            Hook.PRE_REMAP,
                            Hook.SEND_RESPONSE_HEAD,
                            Hook.TRANSACTION_CLOSE);
        }
    }

    /** What has no socket and no pipe costs no system call either. */
    @ParameterizedTest
    @EnumSource
    void neitherEndHasADescriptor(Call call) throws Exception {
        var open = new LinkedBlockingQueue<Set<String>>();
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            open.add(descriptors());
                            answer(connection, "ok");
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("ok"); // whatever is opened once for all
            open.take();
            Set<String> before = descriptors();
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(before).containsAll(open.take());
        }
    }

    /** The sockets and pipes of this process, by the names that the kernel gives to each once. */
    private static Set<String> descriptors() throws IOException {
        var names = new HashSet<String>();
        try (var open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : open) {
                try {
                    String name = Files.readSymbolicLink(each).toString();
                    if (name.startsWith("socket:") || name.startsWith("pipe:")) names.add(name);
                } catch (NoSuchFileException _) {
                    // closed meanwhile
                }
            }
        }
        return names;
    }

    @Test
    void anOriginThatIsInterceptedNeedsARoute() throws Exception {
        try (var rig = intercepted(Call.ORIGIN, connection -> answer(connection, "never"))
                        .only("elsewhere.test", "/")
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").status()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerEndsByItsLengthInChunksOrWithTheStream(Call call) throws Exception {
        try (var rig = intercepted(call, connection -> {
                            String way = head(connection).getFirst().split(" ")[1];
                            switch (way) {
                                case "/length" -> answer(connection, "hello");
                                case "/chunks" ->
                                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
                                case "/end" -> connection.send("HTTP/1.0 200 OK\r\n\r\nhello");
                                default -> connection.send("HTTP/1.1 204 No Content\r\n\r\n");
                            }
                        })
                        .start();
                var client = rig.client()) {
            for (String way : List.of("/length", "/chunks", "/end")) {
                assertThat(client.get(way).body()).as(way).isEqualTo("hello");
            }
            assertThat(client.get("/none").status()).isEqualTo(204);
            assertThat(client.ask("HEAD", "/length").field("Content-Length")).isEqualTo("5");
        }
    }

    @ParameterizedTest
    @EnumSource
    void behindItsAnswerAPluginReceivesTheEnd(Call call) throws Exception {
        var ends = new LinkedBlockingQueue<Object>();
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            answer(connection, "hello");
                            ends.add(connection.receiveAll().length);
                            ends.add(connection.inputEnd());
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("hello");
            assertThat(ends.take()).isEqualTo(0);
            assertThat(ends.take()).hasToString("Optional[EOF]");
        }
    }

    // ---- bodies

    @ParameterizedTest
    @EnumSource
    void aLargeBodyIsReadWhileItComesAndEchoed(Call call) throws Exception {
        byte[] megabyte = "0123456789abcdef".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
        int megabytes = 20;
        try (var rig = intercepted(call, connection -> {
                            long length = Long.parseLong(field(head(connection), "Content-Length"));
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
                            while (length > 0) {
                                byte[] some = connection.receiveAny(64 * 1024);
                                connection.send(some);
                                length -= some.length;
                            }
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: " + megabytes * megabyte.length);
            var sending = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < megabytes; i++) client.send(megabyte);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            Message head = Message.head(client.in());
            assertThat(head.status()).isEqualTo(200);
            for (int i = 0; i < megabytes; i++) {
                assertThat(client.read(megabyte.length)).isEqualTo(megabyte);
            }
            sending.join();
        }
    }

    @Test
    void aPluginThatDoesNotReadHoldsBackTheClient() throws Exception {
        var read = new CountDownLatch(1);
        var sent = new AtomicLong();
        int total = 64 << 20;
        try (var rig = intercepted(Call.WHOLE, connection -> {
                            head(connection);
                            read.await();
                            for (long left = total; left > 0; ) left -= connection.receiveAny(1 << 20).length;
                            answer(connection, "all of it");
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("PUT", "/", "Content-Length: " + total);
            var some = new byte[1 << 16];
            var sending = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < total; i += some.length) {
                        client.send(some);
                        sent.addAndGet(some.length);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            var before = new AtomicLong(-1);
            await("the client to be held back")
                    .atMost(Rig.LIMIT)
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> before.getAndSet(sent.get()) == sent.get());
            assertThat(sent.get()).as("what fits between").isLessThan(total / 2);
            read.countDown();
            assertThat(client.answer("PUT").body()).isEqualTo("all of it");
            sending.join();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatExpects100IsToldByThePlugin(Call call) throws Exception {
        try (var rig = intercepted(call, connection -> {
                            assertThat(field(head(connection), "Expect")).isEqualTo("100-continue");
                            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                            answer(connection, "got " + new String(connection.receive(3), StandardCharsets.US_ASCII));
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Expect: 100-continue", "Content-Length: 3");
            assertThat(client.answer("POST").status()).isEqualTo(100);
            client.send("abc");
            assertThat(client.answer("POST").body()).isEqualTo("got abc");
        }
    }

    // ---- failures

    private static void assertPage(Rig rig, Message page, int status, String phase) throws Exception {
        assertThat(page.status()).isEqualTo(status);
        assertThat(page.body()).contains("phase:    " + phase + "\n").contains("plugin:   teapot\n");
        TransactionRecord record = rig.record();
        assertThat(record.status()).isEqualTo(status);
        assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoAnswerIs502OfThePlugin(Call call) throws Exception {
        for (String garbage : List.of("garbage\r\n\r\n", "HTTP/1.1 20", "", "HTTP/1.1 101 Switching\r\n\r\n")) {
            try (var rig = intercepted(call, connection -> {
                                head(connection);
                                connection.send(garbage);
                            })
                            .start();
                    var client = rig.client()) {
                assertPage(rig, client.get("/"), 502, "read-response-head");
            }
        }
    }

    /** At once, although the limit is a minute; in the log once, with who and where. */
    @ParameterizedTest
    @EnumSource
    void aPluginThatThrowsIs500AtOnceAndInTheLogOnce(Call call) throws Exception {
        for (Exception thrown : List.of(
                new IllegalStateException("on purpose"),
                ConnectionException.of(Reason.EOF, ConnectionException.Phase.READ, null, "on purpose", null))) {
            try (var log = Captured.log();
                    var rig = Rig.alone()
                            .options(ProxyOptions.DEFAULT.withParkLimit(Duration.ofMinutes(1)))
                            .plugin(
                                    "teapot",
                                    penstock -> penstock.on(
                                            Hook.READ_REQUEST_HEAD,
                                            transaction -> interceptThrowing(transaction, call, thrown)))
                            .start();
                    var client = rig.client()) {
                Message page = client.get("/");
                assertThat(page.status()).isEqualTo(500);
                assertThat(page.body()).contains("teapot").doesNotContain("on purpose");
                TransactionRecord record = rig.record();
                assertThat(record.status()).isEqualTo(500);
                assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
                assertThat(log.lines())
                        .filteredOn(line -> line.startsWith("ERROR"))
                        .singleElement()
                        .asString()
                        .contains("transaction ", "plugin teapot failed at its intercept", "on purpose");
                assertThat(log.stacks()).isEqualTo(1);
            }
        }
    }

    private static void interceptThrowing(Transaction transaction, Call call, Exception thrown) {
        Listener.Handler blocking = _ -> {
            throw thrown;
        };
        var told = Continuation.of((_, _) -> {
            throw thrown;
        });
        switch (call) {
            case WHOLE -> transaction.intercept(blocking);
            case WHOLE_TOLD -> transaction.intercept(told);
            case ORIGIN -> transaction.interceptAsOrigin(blocking);
            case ORIGIN_TOLD -> transaction.interceptAsOrigin(told);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPluginThatStallsIs504AndIsSentTheEnd(Call call) throws Exception {
        var ended = new CountDownLatch(1);
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            assertThat(catchThrowable(() -> connection.receive(1)))
                                    .extracting(e -> ((ConnectionException) e).reason())
                                    .isEqualTo(Reason.RESET);
                            ended.countDown();
                        })
                        .options(ProxyOptions.DEFAULT.withParkLimit(Duration.ofMillis(200)))
                        .start();
                var client = rig.client()) {
            assertPage(rig, client.get("/"), 504, "read-response-head");
            ended.await();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerThatBreaksOffIsNeverTakenForAWholeOne(Call call) throws Exception {
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            assertThat(catchThrowable(() -> client.answer("GET"))).isInstanceOf(IOException.class);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PLUGIN);
        }
    }

    @Test
    void oneThatThrowsInAnAnswerThatEndsWithTheStreamDoesNotEndItInOrder() throws Exception {
        var received = new CountDownLatch(1);
        try (var log = Captured.log();
                var rig = intercepted(Call.WHOLE, connection -> {
                            head(connection);
                            connection.send("HTTP/1.1 200 OK\r\n\r\nhalf");
                            received.await();
                            throw new IllegalStateException("on purpose");
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            Message head = Message.head(client.in());
            received.countDown();
            assertThat(catchThrowable(() -> head.withBody(client.in(), true))).isInstanceOf(IOException.class);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PLUGIN);
            await().atMost(Rig.LIMIT).until(() -> !log.lines().isEmpty());
        }
    }

    @Test
    void aClientThatLeavesIsThePluginsReset() throws Exception {
        var reasons = new LinkedBlockingQueue<Reason>();
        var begun = new CountDownLatch(1);
        try (var rig = intercepted(Call.WHOLE, connection -> {
                            head(connection);
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
                            try {
                                while (true) {
                                    connection.send(new byte[1 << 16]);
                                    begun.countDown();
                                }
                            } catch (ConnectionException e) {
                                reasons.add(e.reason());
                                throw e;
                            }
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            begun.await();
            client.reset();
            assertThat(reasons.take()).isEqualTo(Reason.RESET);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.CLIENT);
        }
    }

    @Test
    void nothingIsLeftOpenByAnyOfThem() throws Exception {
        var moved = new AtomicReference<Connection>();
        try (var rig = Rig.alone()
                        .plugin(
                                "teapot",
                                penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                                    switch (transaction.request().path()) {
                                        case "/forgets" -> transaction.intercept(Continuation.of((_, _) -> {}));
                                        case "/keeps" ->
                                            transaction.intercept(connection -> {
                                                head(connection);
                                                answer(connection, "kept");
                                                moved.set(connection.transfer(Scope.PROCESS));
                                            });
                                        default -> transaction.intercept(connection -> answer(connection, "ok"));
                                    }
                                }))
                        .options(ProxyOptions.DEFAULT.withParkLimit(Duration.ofMillis(200)))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 10; i++) {
                assertThat(client.get("/").body()).isEqualTo("ok");
                assertThat(client.get("/keeps").body()).isEqualTo("kept");
                await().atMost(Rig.LIMIT).until(() -> moved.get() != null);
                moved.getAndSet(null).close();
                assertThat(client.get("/forgets").status()).isEqualTo(504);
            }
            client.close();
            await("every end to be closed")
                    .atMost(Rig.LIMIT)
                    .until(() -> rig.loop().connections() == 0);
        }
    }

    // ---- who may, and who is told what

    @ParameterizedTest
    @EnumSource
    void aSecondInterceptIsRefusedAndTheFirstStands(Call call) throws Exception {
        var refusals = new LinkedBlockingQueue<Throwable>();
        try (var rig = intercepted(call, connection -> {
                            head(connection);
                            answer(connection, "the first");
                        })
                        .plugin(
                                "second",
                                penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                                    refusals.add(catchThrowable(() -> transaction.intercept(_ -> {})));
                                    refusals.add(catchThrowable(() -> transaction.interceptAsOrigin(_ -> {})));
                                }))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("the first");
            for (int i = 0; i < 2; i++) {
                assertThat(refusals.take())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("by plugin teapot");
            }
        }
    }

    static Stream<Arguments> moments() {
        return Stream.of(
                Arguments.of(Call.WHOLE, Hook.TRANSACTION_START),
                Arguments.of(Call.WHOLE, Hook.PRE_REMAP),
                Arguments.of(Call.WHOLE_TOLD, Hook.PRE_REMAP),
                Arguments.of(Call.ORIGIN, Hook.POST_REMAP),
                Arguments.of(Call.ORIGIN, Hook.CACHE_LOOKUP_COMPLETE),
                Arguments.of(Call.ORIGIN_TOLD, Hook.CACHE_LOOKUP_COMPLETE));
    }

    @ParameterizedTest
    @MethodSource("moments")
    void whatComesEarlyOrJustInTimeCounts(Call call, Hook<Transaction> moment) throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> penstock.on(
                                moment,
                                transaction -> call.intercept.accept(transaction, connection -> {
                                    head(connection);
                                    answer(connection, "in time");
                                })))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("in time");
        }
    }

    @Test
    void whatComesTooLateIsRefused() throws Exception {
        var refusals = new LinkedBlockingQueue<String>();
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            for (Hook<Transaction> hook : List.of(Hook.PRE_REMAP, Hook.POST_REMAP)) {
                                penstock.on(hook, transaction -> {
                                    if (hook == Hook.PRE_REMAP) return;
                                    refusals.add(catchThrowable(() -> transaction.intercept(_ -> {}))
                                            .getMessage());
                                });
                            }
                            penstock.on(
                                    Hook.ORIGIN_RESOLVED,
                                    transaction ->
                                            refusals.add(catchThrowable(() -> transaction.interceptAsOrigin(_ -> {}))
                                                    .getMessage()));
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(refusals.take()).contains("too late", "POST_REMAP");
            assertThat(refusals.take()).contains("too late", "ORIGIN_RESOLVED");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aContinuationThatIsNeverContactedIsToldSoOnce(boolean whole) throws Exception {
        var told = new LinkedBlockingQueue<io.penstock.net.event.Event>();
        try (var rig = Rig.alone()
                        .plugin(
                                "teapot",
                                penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                                    var continuation = Continuation.of((_, event) -> told.add(event));
                                    if (whole) {
                                        transaction.intercept(continuation);
                                    } else {
                                        transaction.interceptAsOrigin(continuation);
                                    }
                                }))
                        .plugin(
                                "guard",
                                penstock ->
                                        penstock.on(Hook.PRE_REMAP, transaction -> transaction.respond(403, "no\n")))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").status()).isEqualTo(403);
            assertThat(((NetEvent.AcceptFailed) told.take()).cause()).hasMessageContaining("without plugin teapot");
            rig.record();
            assertThat(told).isEmpty();
        }
    }
}
