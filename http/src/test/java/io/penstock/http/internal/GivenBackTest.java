package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Whoever goes on using a connection that they have given back to HTTP gets nowhere, and its client notices nothing. */
class GivenBackTest extends GroundTest {
    private static final int ROUNDS = 500;

    private interface Use {
        void of(Connection connection) throws Exception;
    }

    /** While the next request, of which the first bytes are here already, is on its way. */
    private void useBehind(Use use) throws Exception {
        try (var served = serve(exchange -> {
            if (!exchange.request().path().equals("/raw")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver();
            raw.peek(3); // the next request's: it is to move with the connection
            raw.resumeHttp();
            use.of(raw);
        })) {
            for (int i = 0; i < 2; i++) {
                assertThat(served.send(get("/raw") + get("/next")).receiveAnswer())
                        .startsWith("HTTP/1.1 200")
                        .endsWith("hello /next\n");
            }
            assertThat(served.client().buffered()).isZero();
        }
    }

    @Test
    void everyOperationIsRefused() throws Exception {
        List<Use> operations = List.of(
                c -> c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
                c -> c.send(new byte[] {'x'}),
                c -> c.send(ByteBuffer.wrap(new byte[] {'x'})),
                Connection::flush,
                c -> c.outputStream().write('x'),
                c -> c.receive(1),
                Connection::receiveLine,
                c -> c.receiveUntil("\n").next(),
                c -> c.read(ByteBuffer.allocate(1)),
                c -> c.peek(1),
                c -> c.unread(ByteBuffer.wrap(new byte[] {'x'})),
                c -> c.inputStream().read());
        for (Use operation : operations) {
            useBehind(raw -> {
                var refused = catchThrowableOfType(ConnectionException.class, () -> operation.of(raw));
                assertThat(refused.reason()).isEqualTo(Reason.CLOSED);
                assertThat(refused)
                        .hasMessageContaining("given back to HTTP, at")
                        .hasMessageContaining("GivenBackTest.java:");
            });
        }
    }

    @Test
    void endingItEndsNothing() throws Exception {
        for (Use ending : List.<Use>of(
                Connection::close,
                Connection::abort,
                Connection::shutdownInput,
                Connection::shutdownOutput,
                c -> c.asSocket().close(),
                c -> {
                    var _ = c.cork();
                },
                c -> {
                    try (var scope = Scope.open("late")) {
                        c.transfer(scope);
                    }
                })) {
            useBehind(ending);
        }
    }

    @Test
    void itLooksEndedAndCannotBeGivenBackAgain() throws Exception {
        useBehind(raw -> {
            assertThat(raw.isOpen()).isFalse();
            assertThat(raw.buffered()).isZero();
            assertThat(raw.inputEnd()).contains(Reason.CLOSED);
            assertThatIllegalStateException().isThrownBy(raw::resumeHttp).withMessageContaining("GivenBackTest.java:");
        });
    }

    /** A thread that does not stop: what it sends is out before the connection is given back, or never; what it aborts as well. */
    @Test
    void whoeverEntersWhileItIsGivenBackIsEitherInOrOut() throws Exception {
        var prey = new AtomicReference<Connection>();
        var over = new AtomicBoolean();
        var done = new CompletableFuture<Boolean>();
        Thread.ofPlatform().start(() -> {
            Connection last = null;
            int sent = 0;
            for (int i = 0; !over.get(); i++) {
                Connection raw = prey.get();
                if (raw == null) continue;
                if (raw != last) sent = 0;
                last = raw;
                boolean mine = raw.isOpen();
                if (mine && ++sent > 1000) continue; // enough to be in the way, and no flood
                try {
                    if (!mine && i % 2 == 0) raw.abort();
                    raw.send(".");
                } catch (ConnectionException e) {
                    // it is told so
                }
            }
            done.complete(true);
        });
        try (var served = serve(exchange -> {
            if (!exchange.request().path().equals("/raw")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver();
            prey.set(raw);
            while (true) {
                try {
                    raw.resumeHttp();
                    return;
                } catch (ConnectionException e) {
                    assertThat(e.reason()).isEqualTo(Reason.BUSY_WRITING);
                }
            }
        })) {
            for (int i = 0; i < ROUNDS; i++) {
                String all = served.send(get("/raw") + get("/next")).receiveAnswer();
                assertThat(all.replaceFirst("^\\.*", ""))
                        .startsWith("HTTP/1.1 200")
                        .endsWith("hello /next\n");
            }
        } finally {
            over.set(true);
            done.join();
        }
    }
}
