package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ReferenceCountUtil;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where the handshake is computed, and how many contexts that takes. */
class TlsHandshakeTest {
    private final NettyLoops loops = NettyLoops.open(LoopOptions.DEFAULT.withCount(1));
    private final Connection here = Connection.pair(loops.next(), loops.next()).first();
    private final CountDownLatch over = new CountDownLatch(1);

    @AfterEach
    void close() {
        over.countDown();
        here.abort();
        loops.close(Duration.ZERO);
    }

    private void occupyAll() {
        var computers = loops.computers();
        for (int i = 0; i < computers.getCorePoolSize(); i++) computers.submit(() -> over.await(30, TimeUnit.SECONDS));
    }

    private Spawned<Boolean> securing() {
        return Spawned.on(here.loop(), () -> {
            here.startTls(TlsClient.DEFAULT, "localhost");
            return true;
        });
    }

    @Test
    void theConnectTimeoutHoldsWhileNobodyIsFreeToCompute() {
        occupyAll();
        here.timeouts(Timeouts.DEFAULT.withConnect(Duration.ofMillis(50)));
        var failure = securing().failing();
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.TLS);
        assertThat(here.isOpen()).isFalse();
        assertThat(loops.computers().getQueue()).isEmpty();
    }

    @Test
    void soDoesAnInterruption() {
        occupyAll();
        var securing = securing();
        Awaitility.await().until(() -> loops.computers().getQueue().size() == 1);
        securing.parked().thread().interrupt();
        assertThat(securing.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(here.isOpen()).isFalse();
        assertThat(loops.computers().getQueue()).isEmpty();
    }

    @Test
    void oneContextServesAllNames() {
        int before = TlsContexts.count();
        for (int i = 0; i < 300; i++) {
            String name = "host-" + i + ".example";
            ReferenceCountUtil.release(TlsContexts.client(TlsClient.DEFAULT.withServerName(name), name, 443));
        }
        assertThat(TlsContexts.count()).isLessThanOrEqualTo(before + 1);
    }
}
