package io.penstock.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loops;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.WriteVio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bodies of messages are streams as others are: they have the event face too. */
class EventBodyTest {
    private static final String BODY = "0123456789".repeat(40_000);

    private final Loops loops = Loops.open();

    @AfterEach
    void close() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private Socket connect(HttpServer server) throws Exception {
        var socket = new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) server.address()).getPort());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private HttpServer listen(Handler handler) throws ConnectionException {
        return HttpServer.listen(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), handler);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBodyIsReadAndAnotherWrittenByEvents(boolean chunked) throws Exception {
        try (var server = listen(EventBodyTest::echo);
                var socket = connect(server)) {
            String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + BODY.length();
            String sent = chunked ? Integer.toHexString(BODY.length()) + "\r\n" + BODY + "\r\n0\r\n\r\n" : BODY;
            var head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + framing + "\r\n\r\n";
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write((head + sent).getBytes(ISO_8859_1));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            sender.join();
            assertThat(answer).startsWith("HTTP/1.1 200").contains("Content-Length: " + BODY.length());
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4)).isEqualTo(BODY);
        }
    }

    /** A continuation does the work, and the handler waits for it, as the exchange ends with the handler. */
    private static void echo(Exchange exchange) throws Exception {
        var end = new CompletableFuture<VioEvent>();
        try (IoBuffer buffer = IoBuffer.open()) {
            var head = ResponseHead.of(200, Headers.of("Content-Length", "" + BODY.length()));
            BodyOutput output = exchange.start(head);
            var both = new Object() {
                ReadVio reading;
                WriteVio writing;
            };
            Continuation echo = Continuation.of((self, event) -> {
                switch ((VioEvent) event) {
                    case VioEvent.ReadReady _ -> both.writing.reenable();
                    case VioEvent.WriteReady _ -> {
                        if (both.reading != null) both.reading.reenable();
                    }
                    case VioEvent.EndOfStream _ -> both.writing.request(both.reading.done());
                    default -> end.complete((VioEvent) event);
                }
            });
            both.writing = output.write(echo, buffer.reader(), Vio.UNBOUNDED);
            both.reading = exchange.body().read(echo, buffer, Vio.UNBOUNDED);
            assertThat(end.get(10, TimeUnit.SECONDS)).isInstanceOf(VioEvent.WriteComplete.class);
            output.finish();
        }
    }

    /** Those who are refused do not get in the way of the operation that has the body. */
    @Test
    void whoSendsBesideAnOperationIsRefusedAndNothingIsLost() throws Exception {
        String whole = BODY.substring(0, 40_000); // each piece of it has to get past the other one
        var refused = new AtomicInteger();
        Handler handler = exchange -> {
            var end = new CompletableFuture<VioEvent>();
            try (IoBuffer buffer = IoBuffer.open()) {
                BodyOutput output = exchange.start(ResponseHead.of(200, Headers.of()));
                var left = new StringBuilder(whole);
                WriteVio writing = output.write(
                        Continuation.of((self, event) -> {
                            if (!(event instanceof VioEvent.WriteReady)) {
                                end.complete((VioEvent) event);
                                return;
                            }
                            int count = Math.min(500, Math.min(left.length(), buffer.room()));
                            buffer.write(left.substring(0, count));
                            left.delete(0, count);
                        }),
                        buffer.reader(),
                        whole.length());
                Thread other = Thread.ofPlatform().start(() -> {
                    while (!end.isDone()) {
                        try {
                            output.send("not to be seen");
                        } catch (ConnectionException e) {
                            refused.incrementAndGet();
                        }
                    }
                });
                assertThat(end.get(10, TimeUnit.SECONDS)).isInstanceOf(VioEvent.WriteComplete.class);
                assertThat(writing.done()).isEqualTo(whole.length());
                other.join();
            }
        };
        try (var server = listen(handler);
                var socket = connect(server)) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\nHost: h\r\n\r\n".getBytes(ISO_8859_1));
            String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            // once the operation is complete, the other one may have sent something before it saw that
            assertThat(body).startsWith(whole).doesNotContainPattern("not to be seen.*9");
            assertThat(refused).hasPositiveValue();
        }
    }

    /** A read that went on behind a silence, and one that was cancelled, are no reason not to answer. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBodyThatWasLateIsNoLossOfTheClient(boolean cancelled) throws Exception {
        var silent = new CompletableFuture<Vio>();
        var complete = new CompletableFuture<VioEvent>();
        Handler handler = exchange -> {
            try (IoBuffer buffer = IoBuffer.open()) {
                ReadVio reading = exchange.body()
                        .read(
                                Continuation.of((self, event) -> {
                                    if (event instanceof VioEvent.InactivityTimeout(Vio vio)) silent.complete(vio);
                                    if (event instanceof VioEvent.ReadComplete done) complete.complete(done);
                                }),
                                buffer,
                                7);
                silent.get(10, TimeUnit.SECONDS);
                if (cancelled) {
                    assertThat(reading.cancel()).isTrue();
                    assertThat(exchange.body().receive(7)).isEqualTo("defghij".getBytes(ISO_8859_1));
                } else {
                    complete.get(10, TimeUnit.SECONDS);
                }
                throw ConnectionException.of(
                        Reason.REFUSED, Phase.CONNECT, exchange.connection().localAddress()); // another
            }
        };
        var options = HttpServerOptions.DEFAULT.withTimeouts(
                Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMillis(50), Duration.ofSeconds(10));
        try (var server = HttpServer.listen(
                        loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), options, handler);
                var socket = connect(server)) {
            socket.getOutputStream()
                    .write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nConnection: close\r\n\r\n"
                            .getBytes(ISO_8859_1));
            silent.get(10, TimeUnit.SECONDS);
            socket.getOutputStream().write("defghij".getBytes(ISO_8859_1));
            assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
                    .startsWith("HTTP/1.1 500 ");
        }
    }

    @Test
    void aBodyThatIsCutIsAFailureAndOneThatIsReadIsBusy() throws Exception {
        var told = new LinkedBlockingQueue<Object>();
        var failed = new CompletableFuture<VioEvent.Failed>();
        Handler handler = exchange -> {
            try (IoBuffer buffer = IoBuffer.open()) {
                var observer = Continuation.of((self, event) -> {
                    if (event instanceof VioEvent.Failed failure) {
                        failed.complete(failure);
                    } else {
                        told.add(event);
                    }
                });
                exchange.body().read(observer, buffer, Vio.UNBOUNDED);
                try {
                    exchange.body().receive(1);
                } catch (ConnectionException e) {
                    told.add(e.reason());
                }
                failed.get(10, TimeUnit.SECONDS);
                exchange.respond(400, "cut\n"); // to nobody any more
            }
        };
        try (var server = listen(handler)) {
            try (var socket = connect(server)) {
                socket.getOutputStream()
                        .write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n".getBytes(ISO_8859_1));
                assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(Reason.BUSY_READING);
                socket.getOutputStream().write("part".getBytes(ISO_8859_1));
                assertThat(told.poll(10, TimeUnit.SECONDS)).isInstanceOf(VioEvent.ReadReady.class);
            }
            var failure = failed.get(10, TimeUnit.SECONDS);
            assertThat(failure.cause().reason()).isEqualTo(Reason.EOF);
            assertThat(failure.vio().done()).isEqualTo(4);
        }
    }
}
