package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.GuardedConnection;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is told of a transaction once it is over; failures of origins and uploads are told of in their own tests. */
class RecordTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    @Test
    void aWholeTransactionHasAllItsFields() throws Exception {
        try (var origin = Origin.replying("HTTP/1.1 201 Made\r\nContent-Length: 5\r\n\r\nhello");
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            Instant before = Instant.now();
            client.sendHead("PUT", "/x?y", "Content-Length: 3").send("abc");
            client.answer("PUT");
            TransactionRecord first = rig.record();
            assertThat(first.status()).isEqualTo(201);
            assertThat(first.request()).hasToString("PUT /x?y HTTP/1.1");
            assertThat(first.received()).isEqualTo(3);
            assertThat(first.sent()).isEqualTo(5);
            assertThat(first.client()).isEqualTo(client.localAddress());
            assertThat(first.listener()).isEqualTo(rig.address());
            assertThat(first.upstream()).isEqualTo("web");
            assertThat(first.origin()).isEqualTo(origin.address());
            assertThat(first.attempts()).isEqualTo(1);
            assertThat(first.reused()).isFalse();
            assertThat(first.endedBy()).isEqualTo(EndedBy.NOBODY);
            assertThat(first.phase()).isEqualTo(Phase.DONE);
            assertThat(first.time()).isBetween(before.minus(Duration.ofSeconds(1)), Instant.now());
            assertThat(first.waitNanos()).isNotNegative();
            assertThat(first.connectNanos()).isPositive();
            assertThat(first.firstByteNanos()).isPositive();
            assertThat(first.totalNanos())
                    .isGreaterThanOrEqualTo(first.waitNanos() + first.connectNanos() + first.firstByteNanos());

            client.get("/");
            TransactionRecord second = rig.record();
            assertThat(second.id()).isGreaterThan(first.id());
            assertThat(second.session()).isEqualTo(first.session());
            assertThat(second.reused()).isTrue();
            assertThat(second.received()).isZero();
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @Test
    void headAnd304HaveSentNoBody() throws Exception {
        try (var origin = Origin.replying(request -> request.target().equals("/304")
                        ? "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.ask("HEAD", "/");
            client.get("/304");
            assertThat(rig.record().sent()).isZero();
            assertThat(rig.record().sent()).isZero();
        }
    }

    @Test
    void aClientThatLeavesInTheMiddleOfItsAnswerIsNamed() throws Exception {
        var sending = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
                    var piece = new byte[64 * 1024];
                    for (int i = 0; i < 15_000; i++) {
                        wire.send(piece);
                        sending.countDown();
                    }
                });
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close")))
                        .start()) {
            Wire client = rig.client();
            client.sendHead("GET", "/");
            assertThat(client.head().status()).isEqualTo(200);
            assertThat(sending.await(10, TimeUnit.SECONDS)).isTrue();
            client.reset();
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(200);
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(record.phase()).isEqualTo(Phase.SEND_RESPONSE);
            assertThat(record.sent()).isBetween(0L, 999_999_999L);
            assertThat(log).containsExactly("close");
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aClientThatHasLeftBeforeTheHeadOfItsAnswerDoesNotCostTheOriginsConnection() throws Exception {
        var left = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    left.await(10, TimeUnit.SECONDS);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                    wire.send(new byte[100_000]);
                    wire.in().transferTo(OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            // goes on when the reset has come, and has met what was to be sent: not even the head can
                            // be
                            penstock.on(Hook.READ_RESPONSE_HEAD, transaction -> {
                                Connection lost = ((GuardedConnection)
                                                transaction.session().connection())
                                        .unguarded();
                                assertThatThrownBy(() -> lost.peek(1)).isInstanceOf(ConnectionException.class);
                                assertThatThrownBy(() -> {
                                            transaction.inform(ResponseHead.of(103));
                                            lost.flush();
                                        })
                                        .isInstanceOf(ConnectionException.class);
                                log.add("lost");
                            });
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close"));
                        })
                        .start()) {
            Wire client = rig.client();
            client.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> origin.requests().size() == 1);
            client.reset();
            left.countDown();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(record.phase()).isEqualTo(Phase.SEND_RESPONSE);
            assertThat(log).containsExactly("lost", "close");
            await().atMost(Rig.LIMIT).until(() -> rig.upstream().stats().open() == 0);
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aServerThatIsStoppedEndsWhatIsParkedAndSaysSo() throws Exception {
        var parked = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    parked.countDown();
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close")))
                        .start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            assertThat(parked.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(rig.server().drain(Duration.ofMillis(100))).isFalse();
            rig.closeLoops();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PENSTOCK);
            assertThat(log).containsExactly("close");
        }
    }
}
