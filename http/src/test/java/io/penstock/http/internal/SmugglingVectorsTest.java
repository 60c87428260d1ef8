package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Exchange;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Messages that are refused, each with its status and a closed connection, however they are cut into packets; and behind each of them
 * a request that must never be seen. The families: RFC 9112 §11.2, the published attacks on proxies since 2004, and the defect of
 * OpenResty's body reader, whose unread rest became a request.
 */
class SmugglingVectorsTest {
    private static final String EVIL = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
    private static final HttpServerOptions OPTIONS = HttpServerOptions.DEFAULT.withTimeouts(
            Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5));

    private static Loops loops;

    @BeforeAll
    static void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    }

    @AfterAll
    static void close() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    /** @param reachesHandler whether the head is sound, so that only the reader of the body can notice */
    record Vector(String name, int status, boolean reachesHandler, String bytes) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Vector> vectors() {
        return Stream.of(
                // two lengths
                head("Content-Length and Transfer-Encoding", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked"),
                head("Transfer-Encoding and Content-Length", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5"),
                head("two Content-Lengths that differ", 400, "Content-Length: 5\r\nContent-Length: 6"),
                head("two Content-Lengths that agree", 400, "Content-Length: 5\r\nContent-Length: 5"),
                head("a list of lengths", 400, "Content-Length: 5, 5"),
                head("a length with a plus", 400, "Content-Length: +5"),
                head("a negative length", 400, "Content-Length: -5"),
                head("a hexadecimal length", 400, "Content-Length: 0x5"),
                head("a length with a space inside", 400, "Content-Length: 1 0"),
                head("a length with a fraction", 400, "Content-Length: 5.0"),
                head("an empty length", 400, "Content-Length: "),
                head("a length beyond 64 bits", 400, "Content-Length: 18446744073709551621"),
                head(
                        "a length that wraps to 5 in 32 bits and more",
                        400,
                        "Content-Length: 99999999999999999999999999999995"),
                head("a length in other digits", 400, "Content-Length: \u00b2"),
                // transfer codings
                head("an unknown coding", 501, "Transfer-Encoding: xchunked"),
                head("chunked behind an unknown coding", 501, "Transfer-Encoding: gzip, chunked"),
                head("chunked before another coding", 400, "Transfer-Encoding: chunked, identity"),
                head("chunked twice in a list", 400, "Transfer-Encoding: chunked, chunked"),
                head("chunked in two fields", 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
                head(
                        "chunked and another coding in two fields",
                        400,
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x"),
                head("a quoted coding", 400, "Transfer-Encoding: \"chunked\""),
                head("a coding with a parameter", 400, "Transfer-Encoding: chunked;x=1"),
                head("an empty list item before chunked", 400, "Transfer-Encoding: ,chunked"),
                head("an empty coding", 400, "Transfer-Encoding: "),
                head("a vertical tab before chunked", 400, "Transfer-Encoding: \u000bchunked"),
                head("space before the colon of Transfer-Encoding", 400, "Transfer-Encoding : chunked"),
                head("tab before the colon of Content-Length", 400, "Content-Length\t: 5"),
                whole(
                        "Transfer-Encoding in HTTP/1.0",
                        400,
                        "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                head("a NUL in the name Transfer-Encoding", 400, "Transfer-Encoding\0: chunked"),
                head("a high byte in the name", 400, "Transfer\u00ad-Encoding: chunked"),
                // lines
                whole("bare LF at the request line", 400, "POST / HTTP/1.1\nHost: x\r\n\r\n"),
                whole("bare LF in the fields", 400, "POST / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
                whole("bare LF at the end of the head", 400, "POST / HTTP/1.1\r\nHost: x\r\n\n"),
                head("bare CR in a value", 400, "X: a\rTransfer-Encoding: chunked"),
                head("bare CR before a name", 400, "\rTransfer-Encoding: chunked"),
                head("CR CR LF", 400, "X: a\r"),
                head("NUL in a value", 400, "X: a\0b"),
                head("a control byte in a value", 400, "X: a\u0001b"),
                head("DEL in a value", 400, "X: a\u007fb"),
                head("an obsolete fold with a space", 400, "X: a\r\n b"),
                head("an obsolete fold with a tab", 400, "Transfer-Encoding:\r\n\tchunked"),
                whole("a fold at the first field", 400, "POST / HTTP/1.1\r\n Host: x\r\n\r\n"),
                head("a line without a colon", 400, "chunked"),
                head("a field without a name", 400, ": chunked"),
                head("a name with a bracket", 400, "X[]: y"),
                // hosts
                whole("no host", 400, "POST / HTTP/1.1\r\nX: y\r\n\r\n"),
                head("two hosts", 400, "Host: y"),
                whole("an empty host", 400, "POST / HTTP/1.1\r\nHost:\r\n\r\n"),
                whole("a list of hosts", 400, "POST / HTTP/1.1\r\nHost: x, y\r\n\r\n"),
                whole("a host with a path", 400, "POST / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
                whole("a host with a user", 400, "POST / HTTP/1.1\r\nHost: u@x\r\n\r\n"),
                whole("a host with a bad port", 400, "POST / HTTP/1.1\r\nHost: x:65536\r\n\r\n"),
                // request lines
                whole("two spaces before the target", 400, "POST  / HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("two spaces before the version", 400, "POST /  HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a tab before the target", 400, "POST\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a space before the method", 400, " POST / HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a space behind the version", 400, "POST / HTTP/1.1 \r\nHost: x\r\n\r\n"),
                whole("a space in the target", 400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a fragment in the target", 400, "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a high byte in the target", 400, "GET /\u00e4 HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a target that is no path", 400, "GET evil HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("an absolute target with a user", 400, "GET http://a@b/ HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("an asterisk for GET", 400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("a path for CONNECT", 400, "CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("an illegal method", 400, "PO(ST / HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("no version, as in HTTP/0.9", 400, "GET /\r\nHost: x\r\n\r\n"),
                whole("a version with two digits", 400, "GET / HTTP/1.10\r\nHost: x\r\n\r\n"),
                whole("a version in lower case", 400, "GET / http/1.1\r\nHost: x\r\n\r\n"),
                whole("another version", 505, "GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
                whole("HTTP/2.0 without its preface", 505, "GET * HTTP/2.0\r\nHost: x\r\n\r\n"),
                whole("the preface of HTTP/2 with a field", 505, "PRI * HTTP/2.0\r\nHost: x\r\n\r\n"),
                whole("the preface of HTTP/2 in HTTP/1.1", 400, "PRI * HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("the method of the preface of HTTP/2 with a path", 505, "PRI / HTTP/2.0\r\n\r\n"),
                whole("two empty lines before the request", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                whole("an empty line of LF before the request", 400, "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                head("an expectation nobody knows", 417, "Expect: 200-ok"),
                // chunks, which the handler is reading
                chunked("a chunk size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk size with a plus", "+5\r\nhello\r\n0\r\n\r\n"),
                chunked("a negative chunk size", "-5\r\nhello\r\n0\r\n\r\n"),
                chunked("an empty chunk size", "\r\nhello\r\n0\r\n\r\n"),
                chunked("a space before a chunk size", " 5\r\nhello\r\n0\r\n\r\n"),
                chunked("a space behind a chunk size", "5 \r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk size of 17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk size of 64 bits", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk size that is no digit", "g\r\nhello\r\n0\r\n\r\n"),
                chunked("bare LF behind a chunk size", "5\nhello\r\n0\r\n\r\n"),
                chunked("bare LF in a chunk extension", "5;a\nhello\r\n0\r\n\r\n"),
                chunked("bare CR in a chunk extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
                chunked("a control byte in a chunk extension", "5;a=\u0001\r\nhello\r\n0\r\n\r\n"),
                chunked("a high byte in a chunk extension", "5;a=\"\u00e4\"\r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
                chunked("a chunk extension too long", "5;" + "a".repeat(300) + "\r\nhello\r\n0\r\n\r\n"),
                chunked("no line end behind chunk data", "5\r\nhello0\r\n\r\n"),
                chunked("two bytes in place of a line end", "5\r\nhelloXX0\r\n\r\n"),
                chunked("bare LF behind chunk data", "5\r\nhello\n0\r\n\r\n"),
                chunked("bare LF behind the last chunk", "0\n\n"),
                chunked("bare LF in the trailers", "0\r\nX: y\n\r\n"),
                chunked("a fold in the trailers", "0\r\nX: y\r\n z\r\n\r\n"),
                chunked("space before a colon in the trailers", "0\r\nX : y\r\n\r\n"),
                chunked("a NUL in the trailers", "0\r\nX: \0\r\n\r\n"));
    }

    private static Vector whole(String name, int status, String bytes) {
        return new Vector(name, status, false, bytes);
    }

    private static Vector head(String name, int status, String fields) {
        return whole(name, status, "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n\r\n");
    }

    private static Vector chunked(String name, String body) {
        return new Vector(name, 400, true, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
    }

    private final List<String> handled = Collections.synchronizedList(new ArrayList<>());

    private void handle(Exchange exchange) throws Exception {
        handled.add(exchange.request().path());
        exchange.respond(200, new String(exchange.body().receiveAll(), StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void isRefusedWhole(Vector vector) throws Exception {
        try (var served = Served.by(loops.next(), OPTIONS, this::handle)) {
            served.send(vector.bytes() + EVIL);
            requireRefused(vector, served);
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void isRefusedByteByByte(Vector vector) throws Exception {
        try (var served = Served.by(loops.next(), OPTIONS, this::handle)) {
            served.sendInPieces(vector.bytes() + EVIL, 1);
            requireRefused(vector, served);
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void isRefusedCutAnywhere(Vector vector) throws Exception {
        for (int cut = 1; cut < vector.bytes().length(); cut++) {
            handled.clear();
            try (var served = Served.by(loops.next(), OPTIONS, this::handle)) {
                served.send(vector.bytes().substring(0, cut))
                        .send(vector.bytes().substring(cut) + EVIL);
                requireRefused(vector, served);
            }
        }
    }

    private void requireRefused(Vector vector, Served served) throws Exception {
        String answer = served.receiveAll();
        assertThat(answer).startsWith("HTTP/1.1 " + vector.status() + " ").contains("\r\nConnection: close\r\n");
        assertThat(answer.split("HTTP/1.1 \\d", -1))
                .as("one answer, and nothing before it")
                .hasSize(2);
        assertThat(handled).isEqualTo(vector.reachesHandler() ? List.of("/") : List.of());
        assertThat(served.awaitEnd()).isTrue();
    }

    @Test
    void theSameHoldsOnASocket() throws Exception {
        try (var server = HttpServer.listen(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), OPTIONS, this::handle)) {
            int port = ((InetSocketAddress) server.address()).getPort();
            for (Vector vector : vectors().toList()) {
                handled.clear();
                try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    socket.setSoTimeout(10_000);
                    socket.getOutputStream().write((vector.bytes() + EVIL).getBytes(StandardCharsets.ISO_8859_1));
                    String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
                    assertThat(answer).as(vector.name()).startsWith("HTTP/1.1 " + vector.status() + " ");
                    assertThat(answer.split("HTTP/1.1 \\d", -1))
                            .as(vector.name())
                            .hasSize(2);
                }
                assertThat(handled).as(vector.name()).doesNotContain("/evil");
            }
        }
    }
}
