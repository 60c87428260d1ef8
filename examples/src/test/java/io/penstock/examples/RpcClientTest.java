package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RpcClientTest {
    private static final int MANY = 10_000;

    private final Loops loops = Loops.open();

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private Listener serve(RpcServer.Answering answering) throws IOException {
        return Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), new RpcServer(answering));
    }

    private RpcClient client(Listener server) throws Exception {
        return get(RpcClient.connect(loops, Endpoint.of(server.address())));
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(20, TimeUnit.SECONDS);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    @Test
    void tenThousandCallsAreInFlightOverOneConnectionAndEachGetsItsAnswer() throws Exception {
        var arrived = new CountDownLatch(MANY);
        try (var server = serve(body -> {
                    arrived.countDown();
                    arrived.await(); // so no answer leaves before the last call is here
                    return number(-ByteBuffer.wrap(body).getInt());
                });
                var rpc = client(server)) {
            var answers = new ArrayList<CompletableFuture<byte[]>>();
            for (int i = 0; i < MANY; i++) answers.add(rpc.call(number(i)));
            for (int i = 0; i < MANY; i++) assertThat(get(answers.get(i))).isEqualTo(number(-i));
            assertThat(rpc.inFlight()).isZero();
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void aCallThatTakesItsTimeHoldsUpNoOtherAndMayBeGivenUp() throws Exception {
        var released = new CountDownLatch(1);
        try (var server = serve(body -> {
                    if (body.length == 0) released.await();
                    return body;
                });
                var rpc = client(server)) {
            var slow = rpc.call(new byte[0]);
            var givenUp = rpc.call(new byte[0]);
            assertThat(get(rpc.call(number(7)))).isEqualTo(number(7));
            assertThat(slow).isNotDone();
            givenUp.cancel(false);
            assertThat(rpc.inFlight()).isEqualTo(1);
            released.countDown();
            assertThat(get(slow)).isEmpty();
        }
    }

    @Test
    void whenTheConnectionEndsAllWhoWaitAreToldAndLaterCallsAreRefused() throws Exception {
        try (var server = serve(body -> {
            throw new IOException("this is not to be answered");
        })) {
            var rpc = client(server);
            var waiting = rpc.call("hello".getBytes(US_ASCII));
            assertThatThrownBy(() -> get(waiting)).hasMessageContaining("the connection has ended: RESET");
            assertThatThrownBy(() -> get(rpc.call(new byte[0]))).hasCauseInstanceOf(IllegalStateException.class);
            assertThat(rpc.inFlight()).isZero();
            rpc.close();
            await().until(() -> server.connections() == 0);
        }
    }

    @Test
    void aBodyThatIsTooLongIsRefusedAndNothingIsInFlight() throws Exception {
        try (var server = serve(body -> body);
                var rpc = client(server)) {
            assertThatIllegalArgumentException().isThrownBy(() -> rpc.call(new byte[1 << 20]));
            assertThat(rpc.inFlight()).isZero();
            assertThat(get(rpc.call(new byte[(1 << 20) - 12]))).hasSize((1 << 20) - 12);
        }
    }
}
