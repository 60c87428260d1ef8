package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.NetEvent;
import io.penstock.testkit.LeakCheck;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Intercepts that fail, or do not care: neither fills the log or holds up the client. */
class InterceptFailureTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static Rig intercepted(Consumer<Transaction> intercept) throws Exception {
        return Rig.alone()
                .plugin("teapot", penstock -> penstock.on(Hook.READ_REQUEST_HEAD, intercept::accept))
                .start();
    }

    private static void failsOnceInTheLog(Consumer<Transaction> intercept) throws Exception {
        try (var log = Captured.log();
                var rig = intercepted(intercept);
                var client = rig.client()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.get("/").status()).isEqualTo(500);
                rig.record();
            }
            await().atMost(Rig.LIMIT)
                    .until(() -> log.lines().stream()
                            .anyMatch(line -> line.contains("plugin teapot failed at its intercept")));
            assertThat(log.stacks()).isEqualTo(1);
        }
    }

    @Test
    void theStackOfOneThatFailsForEachRequestIsInTheLogOnce() throws Exception {
        failsOnceInTheLog(transaction -> transaction.intercept(_ -> {
            throw new IllegalStateException("on purpose");
        }));
    }

    @Test
    void soIsThatOfAContinuation() throws Exception {
        failsOnceInTheLog(transaction -> transaction.intercept(Continuation.of((_, event) -> {
            ((NetEvent.Accepted) event).connection().abort();
            throw new IllegalStateException("on purpose");
        })));
    }

    @Test
    void theClientDoesNotWaitForOneThatHasAnsweredAndReadsTheRestLater() throws Exception {
        int size = 100 * 1024; // more than is delivered before it is read
        var later = new CountDownLatch(1);
        var rest = new CompletableFuture<Integer>();
        try (var rig = intercepted(transaction -> transaction.intercept((Connection connection) -> {
                    while (!connection.receiveLine().isEmpty()) {} // the head
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
                    later.await();
                    rest.complete(connection.receiveAll().length);
                }));
                var client = rig.client()) {
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            assertThat(client.answer("POST").bytes()).asString().isEqualTo("yes");
            rig.record();
            later.countDown();
            assertThat(rest.get(10, TimeUnit.SECONDS)).isEqualTo(size);
        }
    }
}
