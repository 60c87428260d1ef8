package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.http.BodyOutput;
import io.penstock.http.ClientExchange;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client's exchange against an origin that is played by hand. */
class ClientExchangeTest extends PlayedServerTest {
    private String asked() throws ConnectionException {
        var text = new StringBuilder();
        for (String line = server.receiveLine(); !line.isEmpty(); line = server.receiveLine())
            text.append(line).append('\n');
        return text.toString();
    }

    @Test
    void aRequestIsWrittenWithTheFramingOfItsBody() throws Exception {
        var headers = Headers.of(
                "Host", "x", "Content-Length", "99", "Transfer-Encoding", "gzip", "Connection", "x", "Keep-Alive", "y");
        BodyOutput body = exchange.send(RequestHead.of("POST", "/a?b", headers), 3);
        assertThat(asked()).isEqualTo("POST /a?b HTTP/1.1\nHost: x\nContent-Length: 3\n");
        body.send("abc");
        body.finish();
        assertThat(server.receive(3)).isEqualTo("abc".getBytes());

        BodyOutput chunks = ClientExchange.on(client)
                .send(RequestHead.of("PUT", "/", Headers.of("Host", "x")), ClientExchange.CHUNKED);
        assertThat(asked()).isEqualTo("PUT / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n");
        chunks.send("abc");
        chunks.finish(Headers.of("X", "y"));
        assertThat(server.receive(19)).isEqualTo("3\r\nabc\r\n0\r\nX: y\r\n\r\n".getBytes());

        assertThat(ClientExchange.on(client).send(GET, ClientExchange.NO_BODY).isFinished())
                .isTrue();
        assertThat(asked()).isEqualTo("GET / HTTP/1.1\nHost: x\n");
        ClientExchange.on(client).send(RequestHead.of("POST", "/"), ClientExchange.NO_BODY);
        assertThat(asked()).isEqualTo("POST / HTTP/1.1\nContent-Length: 0\n");
        ClientExchange.on(client)
                .send(RequestHead.of("GET", "/", Headers.of("Connection", "close")), ClientExchange.NO_BODY);
        assertThat(asked()).isEqualTo("GET / HTTP/1.1\nConnection: close\n");
        ClientExchange.on(client)
                .send(
                        RequestHead.of("GET", "/", Headers.of("Connection", "close, upgrade", "Upgrade", "x")),
                        ClientExchange.NO_BODY);
        assertThat(asked()).isEqualTo("GET / HTTP/1.1\nUpgrade: x\nConnection: close, Upgrade\n");
        ClientExchange.on(client).send(RequestHead.of("GET", "/", Headers.of("Upgrade", "x")), ClientExchange.NO_BODY);
        assertThat(asked()).isEqualTo("GET / HTTP/1.1\nUpgrade: x\nConnection: Upgrade\n");
    }

    @Test
    void anAnswerCutAnywhereIsReceivedAndTheConnectionReusable() throws Exception {
        String answer =
                "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nabc\r\n0\r\nX: y\r\n\r\n";
        for (int cut = 1; cut < answer.length(); cut++) {
            var interim = new ArrayList<String>();
            try (var next = ClientExchange.on(client)) {
                next.send(GET, ClientExchange.NO_BODY);
                asked();
                assertThat(next.firstByteSeen()).isFalse();
                reply(answer.substring(0, cut));
                server.flush();
                reply(answer.substring(cut));
                ResponseHead head = next.receiveHead(early -> interim.add(early.toString()));
                assertThat(next.firstByteSeen()).isTrue();
                assertThat(head).hasToString("HTTP/1.1 200 OK");
                assertThat(interim).containsExactly("HTTP/1.1 103 Early Hints");
                assertThat(next.reusable()).isFalse();
                assertThat(next.body().receiveAll()).isEqualTo("abc".getBytes());
                assertThat(next.body().trailers()).hasToString("X: y\n");
                assertThat(next.reusable()).isTrue();
            }
        }
    }

    private ResponseHead ask(RequestHead request, String answer) throws ConnectionException {
        exchange.send(request, ClientExchange.NO_BODY);
        reply(answer);
        return exchange.receiveHead();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
            })
    void someAnswersHaveNoBodyAndKeepTheConnection(String answer) throws Exception {
        ask(GET, answer);
        assertThat(exchange.body().receiveAll()).isEmpty();
        assertThat(exchange.reusable()).isTrue();
    }

    @Test
    void theAnswerToHeadHasNoBody() throws Exception {
        ask(RequestHead.of("HEAD", "/"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(exchange.body().length()).isZero();
        assertThat(exchange.reusable()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
            })
    void aConnectionWithAnythingDubiousAboutItIsNotReusable(String answer) throws Exception {
        ask(GET, answer);
        assertThat(exchange.body().receiveAll()).isEmpty();
        assertThat(exchange.reusable()).isFalse();
    }

    @Test
    void anUnreadBodyOrAnUnfinishedRequestPreventsReuse() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
        assertThat(exchange.reusable()).isFalse();
        exchange.body().receive(2);
        assertThat(exchange.reusable()).isFalse();
        exchange.body().receive(1);
        assertThat(exchange.reusable()).isTrue();
        try (var next = ClientExchange.on(client)) {
            BodyOutput body = next.send(RequestHead.of("POST", "/"), 5);
            reply("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            assertThat(next.receiveHead().status()).isEqualTo(400);
            assertThat(next.reusable()).isFalse();
            body.send("hello");
            body.finish();
            assertThat(next.reusable()).isTrue();
        }
    }

    @Test
    void aBodyWithoutALengthEndsWithTheConnection() throws Exception {
        ask(GET, "HTTP/1.1 200 OK\r\n\r\nall ");
        reply("of it");
        server.shutdownOutput();
        assertThat(exchange.body().receiveAll()).isEqualTo("all of it".getBytes());
        assertThat(exchange.reusable()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
                "HTTP/1.1 304 OK\r\nContent-Length: x\r\n\r\n",
                "220 smtp.example.com ESMTP\r\n"
            })
    void aMalformedAnswerFailsAndTellsWhy(String answer) {
        assertThatThrownBy(() -> ask(GET, answer))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MALFORMED))
                .hasMessageContaining("the head of the answer");
        assertThat(exchange.reusable()).isFalse();
    }

    @Test
    void interimResponsesWithoutEndAreMalformed() throws Exception {
        exchange.send(GET, ClientExchange.NO_BODY);
        loops.next().spawn("flood", () -> {
            while (client.isOpen()) reply("HTTP/1.1 102 Processing\r\n\r\n");
        });
        assertThatThrownBy(() -> exchange.receiveHead())
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MALFORMED))
                .hasMessageContaining("the interim responses have more than 65536 bytes");
    }

    @Test
    void anOriginThatDiesBeforeItsFirstByteIsToldFromOneThatDiesLater() throws Exception {
        exchange.send(GET, ClientExchange.NO_BODY);
        server.shutdownOutput();
        assertThatThrownBy(exchange::receiveHead)
                .hasMessageContaining("before it answered")
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.EOF));
        assertThat(exchange.firstByteSeen()).isFalse();
    }

    @Test
    void anOriginThatDiesWithinTheHeadOrTheBodyIsReported() throws Exception {
        for (String part : List.of("HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")) {
            Connection.Pair pair = Connection.pair(loops.next(), loops.next());
            try (var broken = ClientExchange.on(pair.first())) {
                broken.send(GET, ClientExchange.NO_BODY);
                pair.second().send(part);
                pair.second().shutdownOutput();
                assertThatThrownBy(() -> {
                            broken.receiveHead();
                            broken.body().receiveAll();
                        })
                        .isInstanceOfSatisfying(
                                ConnectionException.class,
                                e -> assertThat(e.reason()).isEqualTo(Reason.EOF));
                assertThat(broken.firstByteSeen()).isTrue();
                assertThat(broken.reusable()).isFalse();
            } finally {
                pair.first().abort();
                pair.second().abort();
            }
        }
    }

    @Test
    void misuseIsRefusedAtOnce() throws Exception {
        assertThatIllegalStateException().isThrownBy(() -> exchange.receiveHead());
        assertThatIllegalStateException().isThrownBy(() -> exchange.body());
        exchange.send(GET, ClientExchange.NO_BODY);
        assertThatIllegalStateException().isThrownBy(() -> exchange.send(GET, ClientExchange.NO_BODY));
    }
}
