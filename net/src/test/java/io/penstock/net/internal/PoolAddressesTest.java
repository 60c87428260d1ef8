package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A pool that is asked for ever new addresses, as a forward proxy's is. */
class PoolAddressesTest {
    /** Hands out one end of a pair for every address. */
    private record Pairing(Loops loops) implements Connector {
        @Override
        public Connection connect(Endpoint endpoint) {
            return Connection.pair(loops.next(), loops.next()).first();
        }

        @Override
        public Timeouts timeouts() {
            return Timeouts.DEFAULT;
        }
    }

    @Test
    void addressesWithoutConnectionsAreForgottenAndOthersAreNot() throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var pool = new LoopPool(
                        new Pairing(loops), PoolOptions.DEFAULT.withIdle(1).withLimit(2))) {
            var lasting = new InetSocketAddress("10.0.0.1", 80);
            Connection one = pool.connect(lasting);
            for (int port = 1; port < 10_000; port++) {
                pool.connect(new InetSocketAddress("10.0.0.2", port)).abort();
            }
            assertThat(pool.endpoints()).hasSizeLessThan(5000);
            assertThat(pool.stats().open()).isOne();
            Connection two = pool.connect(lasting);
            assertThat(pool.stats().open()).isEqualTo(2);
            one.abort();
            two.abort();
            assertThat(pool.stats().open()).isZero();
            loops.all().forEach(loop -> ((NettyLoop) loop).openConnections().forEach(OpenSocket::abort));
            loops.close(Duration.ZERO);
        }
    }
}
