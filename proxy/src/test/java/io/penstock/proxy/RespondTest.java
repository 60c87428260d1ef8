package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plugins that answer in the place of an origin, or change what passes. */
class RespondTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    static List<Hook<Transaction>> hooksThatCanAnswer() {
        return List.of(
                Hook.TRANSACTION_START,
                Hook.READ_REQUEST_HEAD,
                Hook.PRE_REMAP,
                Hook.POST_REMAP,
                Hook.CACHE_LOOKUP_COMPLETE,
                Hook.ORIGIN_RESOLVED,
                Hook.SEND_REQUEST_HEAD,
                Hook.READ_RESPONSE_HEAD,
                Hook.SEND_RESPONSE_HEAD);
    }

    @ParameterizedTest
    @MethodSource("hooksThatCanAnswer")
    void anAnswerAtAnyHookIsTheAnswer(Hook<Transaction> hook) throws Exception {
        try (var origin = Origin.replying(
                        "HTTP/1.1 200 OK\r\nX-Origin: 1\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(100_000));
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(hook, transaction -> transaction.respond(299, "from " + hook));
                            penstock.on(hook, _ -> log.add("a handler behind the one that answered"));
                            penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
                                transaction.response().headers().set("X-Last", "1");
                            });
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close"));
                        })
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) {
                Message answer = client.get("/");
                assertThat(answer.status()).isEqualTo(299);
                assertThat(answer.body()).isEqualTo("from " + hook);
                assertThat(answer.has("X-Origin")).isFalse();
                if (hook != Hook.SEND_RESPONSE_HEAD)
                    assertThat(answer.field("X-Last")).isEqualTo("1");
                TransactionRecord record = rig.record();
                assertThat(record.status()).isEqualTo(299);
                assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
                assertThat(record.sent()).isEqualTo(answer.bytes().length);
            }
            assertThat(log).containsExactly("close", "close", "close");
            boolean asked = hook.order() >= Hook.READ_RESPONSE_HEAD.order();
            assertThat(origin.requests()).hasSize(asked ? 3 : 0);
            // an origin that was dialled but not asked is kept, one whose answer was thrown away is not
            await().atMost(Rig.LIMIT)
                    .until(() -> rig.upstream().stats().open() == (hook == Hook.SEND_REQUEST_HEAD ? 1 : 0));
            int connections = asked ? 3 : hook == Hook.SEND_REQUEST_HEAD ? 1 : 0;
            await().atMost(Rig.LIMIT).until(() -> origin.connections() == connections);
        }
    }

    @Test
    void anAnswerMayHaveAHeadOfItsOwn() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> penstock.on(
                                Hook.READ_REQUEST_HEAD,
                                transaction -> transaction.respond(
                                        ResponseHead.of(
                                                418, "Short", Headers.of("X-A", "b", "Transfer-Encoding", "chunked")),
                                        "tea".getBytes(StandardCharsets.US_ASCII))))
                        .start();
                var client = rig.client()) {
            Message answer = client.get("/");
            assertThat(answer.start()).isEqualTo("HTTP/1.1 418 Short");
            assertThat(answer.field("X-A")).isEqualTo("b");
            assertThat(answer.field("Content-Length")).isEqualTo("3");
            assertThat(answer.has("Transfer-Encoding")).isFalse();
            assertThat(client.ask("HEAD", "/").field("Content-Length")).isEqualTo("3");
            assertThat(client.get("/").body()).isEqualTo("tea");
        }
    }

    @Test
    void theLastAnswerOfOneHandlerCounts() throws Exception {
        try (var rig = Rig.alone()
                .plugin(penstock -> penstock.on(Hook.PRE_REMAP, transaction -> {
                    transaction.respond(200, "one");
                    transaction.respond(201, "two");
                }))
                .start()) {
            assertThat(rig.get("/").body()).isEqualTo("two");
        }
    }

    @Test
    void anInterimStatusIsNoAnswerAndTheOneWhoGivesItIsTold() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin(
                                "wrong",
                                penstock -> penstock.on(Hook.PRE_REMAP, transaction -> transaction.respond(103, "")))
                        .start()) {
            assertThat(rig.get("/").status()).isEqualTo(500);
            assertThat(captured.lines())
                    .anyMatch(line -> line.contains("plugin wrong failed at PRE_REMAP") && line.contains("103"));
        }
    }

    @Test
    void anAnswerBehindTheEndIsRefused() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.TRANSACTION_CLOSE, transaction -> {
                            try {
                                transaction.respond(500, "late");
                                log.add("accepted");
                            } catch (IllegalStateException e) {
                                log.add("refused");
                            }
                        }))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(client.get("/").body()).isEqualTo("ok");
            rig.record();
            rig.record();
            assertThat(log).containsExactly("refused", "refused");
        }
    }

    @Test
    void theUnreadBodyOfARequestThatAPluginAnswersIsDroppedOnce() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            if (transaction.request().method().equals("DELETE")) transaction.respond(403, "no");
                        }))
                        .start();
                var client = rig.client()) {
            String smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
            client.sendRaw(
                    "DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: " + smuggled.length() + "\r\n\r\n" + smuggled);
            assertThat(client.answer("DELETE").status()).isEqualTo(403);
            assertThat(client.get("/next").body()).isEqualTo("ok");
            assertThat(origin.requests()).extracting(Message::target).containsExactly("/next");
        }
    }

    @Test
    void headsAreEditedOnTheirWay() throws Exception {
        try (var origin = Origin.replying("HTTP/1.1 200 OK\r\nX-Answer: inner\r\nContent-Length: 2\r\n\r\nok");
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(
                                    Hook.READ_REQUEST_HEAD,
                                    transaction ->
                                            transaction.request().headers().set("X-Early", "1"));
                            penstock.on(
                                    Hook.PRE_REMAP,
                                    transaction -> transaction.request(transaction
                                            .request()
                                            .withTarget("/other?x="
                                                    + transaction
                                                            .request()
                                                            .path()
                                                            .length())));
                            penstock.on(
                                    Hook.SEND_REQUEST_HEAD,
                                    transaction -> transaction
                                            .originRequest()
                                            .headers()
                                            .set("X-Late", "2"));
                            penstock.on(
                                    Hook.READ_RESPONSE_HEAD,
                                    transaction ->
                                            transaction.response().headers().add("X-Answer", "read"));
                            penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction ->
                                            transaction.response().headers().add("X-Answer", "sent"));
                        })
                        .start()) {
            assertThat(rig.get("/four").all("X-Answer")).containsExactly("inner", "read", "sent");
            Message request = origin.request();
            assertThat(request.target()).isEqualTo("/other?x=5");
            assertThat(request.field("X-Early")).isEqualTo("1");
            assertThat(request.field("X-Late")).isEqualTo("2");
            assertThat(rig.record().request()).extracting(RequestHead::target).isEqualTo("/other?x=5");
        }
    }

    @Test
    void thereIsNoResponseBeforeThereIsOne() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.POST_REMAP, transaction -> {
                            try {
                                transaction.response();
                            } catch (IllegalStateException e) {
                                log.add(e.getMessage());
                            }
                            if (transaction.originRequest() != null || transaction.origin() != null)
                                log.add("too early");
                        }))
                        .start()) {
            rig.get("/");
            assertThat(log).containsExactly("there is no response yet at POST_REMAP");
        }
    }

    @Test
    void aPluginChoosesAnotherOrigin() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var other = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
                var rig = Rig.before(origin)
                        .plugin(penstock ->
                                penstock.on(Hook.ORIGIN_RESOLVED, transaction -> transaction.origin(other.address())))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) assertThat(client.get("/").body()).isEqualTo("other");
            assertThat(origin.connections()).isZero();
            assertThat(other.connections()).isEqualTo(1);
            assertThat(rig.record().origin()).isEqualTo(other.address());
        }
    }

    @Test
    void aDeadOriginThatAPluginChoseDoesNotMakeAnInnocentOneRest() throws Exception {
        var dead = Origin.dead();
        try (var one = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
                var two = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
                var rig = Rig.before(one.address(), two.address())
                        .plugin(penstock -> penstock.on(Hook.ORIGIN_RESOLVED, transaction -> {
                            if (transaction.request().path().equals("/dead")) transaction.origin(dead);
                        }))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/dead").status()).isEqualTo(502);
            assertThat(client.get("/").body()
                            + client.get("/").body()
                            + client.get("/").body()
                            + client.get("/").body())
                    .isIn("1212", "2121");
        }
    }

    @Test
    void theOriginIsChangedAtItsHookOnly() throws Exception {
        try (var _ = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(
                                "wrong",
                                penstock -> penstock.on(
                                        Hook.SEND_REQUEST_HEAD, transaction -> transaction.origin(origin.address())))
                        .start()) {
            assertThat(rig.get("/").status()).isEqualTo(500);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PLUGIN);
        }
    }

    @Test
    void aRouteOfAPluginIsServedByItsHandler() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.route("/echo", exchange -> {
                                var out = exchange.start(ResponseHead.of(200));
                                exchange.body().transferTo(out);
                                out.finish();
                            });
                            penstock.route("special.test", "/echo", exchange -> exchange.respond(200, "special"));
                            penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction ->
                                            transaction.response().headers().set("X-Seen", "1"));
                        })
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/echo/x", "Content-Length: 3").send("abc");
            Message answer = client.answer("POST");
            assertThat(answer.body()).isEqualTo("abc");
            assertThat(answer.field("X-Seen")).isEqualTo("1");
            assertThat(answer.has("Via")).isFalse();
            client.send("GET /echo HTTP/1.1\nHost: special.test\n\n");
            assertThat(client.answer("GET").body()).isEqualTo("special");
            assertThat(client.get("/echoes").body()).isEqualTo("ok");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(200);
            assertThat(record.upstream()).isNull();
            assertThat(record.received()).isEqualTo(3);
            assertThat(record.sent()).isEqualTo(3);
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
        }
    }

    @Test
    void aHookMayReplaceWhatARoutesHandlerAnswers() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.route("/whole", exchange -> exchange.respond(200, "handler"));
                            penstock.route("/streamed", exchange -> {
                                var out = exchange.start(ResponseHead.of(200));
                                out.send("handler");
                                out.finish();
                            });
                            penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> transaction.respond(403, "hook"));
                        })
                        .start();
                var client = rig.client()) {
            for (String path : List.of("/whole", "/streamed", "/whole")) {
                Message answer = client.get(path);
                assertThat(answer.status()).isEqualTo(403);
                assertThat(answer.body()).isEqualTo("hook");
            }
        }
    }

    @Test
    void aHandlerThatAnswersTwiceDoesNotHaveTheHooksCalledTwice() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.route("/handler", exchange -> {
                                exchange.respond(200, "once");
                                try {
                                    exchange.respond(200, "twice");
                                } catch (IllegalStateException e) {
                                    log.add("refused");
                                }
                            });
                            penstock.on(Hook.SEND_RESPONSE_HEAD, _ -> log.add("head"));
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/handler").body()).isEqualTo("once");
            assertThat(client.get("/handler").body()).isEqualTo("once");
            assertThat(log).containsExactly("head", "refused", "head", "refused");
        }
    }

    @Test
    void aPluginDialsFromItsHookThroughThePool() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var sidecar = Origin.of((wire, _) -> {
                    for (String line = wire.line(); line != null; line = wire.line()) wire.send(line + " yes\n");
                });
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            Connection ask = penstock.pool().connect(sidecar.address());
                            ask.send(transaction.request().path() + "\r\n");
                            transaction.request().headers().set("X-Verdict", ask.receiveLine());
                            ask.release(io.penstock.net.KeepAlive.DEFAULT);
                        }))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) assertThat(client.get("/" + i).status()).isEqualTo(200);
            assertThat(origin.requests())
                    .extracting(request -> request.field("X-Verdict"))
                    .containsExactly("/0 yes", "/1 yes", "/2 yes");
            assertThat(sidecar.connections()).isEqualTo(1);
        }
    }
}
