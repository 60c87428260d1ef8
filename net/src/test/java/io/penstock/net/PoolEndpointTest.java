package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who shares connections, and who does not: row 10 of the reference's defects. Numbers are those of the peer's t/068. */
class PoolEndpointTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO));
    private final CountingPeer peer = new CountingPeer();
    private final CountingPeer another = new CountingPeer();
    private final Endpoint plain = Endpoint.of(peer.address());
    private final Pool pool = Pool.of(
            new Pairing(loops), PoolOptions.DEFAULT.withIdle(4).withLimit(1).withBacklog(0));

    PoolEndpointTest() throws IOException {}

    /** Connects to where an endpoint leads, and does nothing about the rest of it. */
    private record Pairing(Loops loops) implements Connector {
        @Override
        public Connection connect(Endpoint endpoint) throws ConnectionException {
            return Connector.of(loops).connect(Endpoint.of(endpoint.address()));
        }

        @Override
        public Timeouts timeouts() {
            return Timeouts.DEFAULT;
        }
    }

    @AfterEach
    void close() throws IOException, InterruptedException {
        pool.close();
        loops.close(Duration.ZERO);
        peer.close();
        another.close();
    }

    private Connection take(Endpoint endpoint) {
        return Spawned.on(loops.next(), () -> pool.connect(endpoint)).value();
    }

    private void use(Endpoint endpoint) {
        Connection connection = take(endpoint);
        Spawned.on(loops.next(), () -> connection.release()).value();
    }

    /** 15 to 18: a name for a pool tells apart what is the same, and never joins what is not; check 14. */
    @Test
    void nothingIsSharedUnlessAllOfTheEndpointIsEqual() throws Exception {
        var different = List.of(
                plain,
                plain.withTag("A"),
                plain.withTag("B"),
                Endpoint.of(another.address()).withTag("A"),
                plain.withLocal(new InetSocketAddress("127.0.0.2", 0)),
                plain.withTls(TlsClient.DEFAULT),
                plain.withTls(TlsClient.DEFAULT.withTrust(TlsTrust.NOBODY_CHECKS)),
                plain.withTls(TlsClient.DEFAULT.withServerName("other")),
                plain.withVia(new Via.Socks5(another.address(), null)));
        for (Endpoint each : different) use(each);
        assertThat(pool.stats().dialled()).isEqualTo(different.size());
        for (Endpoint each : different) assertThat(take(each).stats().reused()).isOne();
        assertThat(pool.endpoints()).containsExactlyInAnyOrderElementsOf(different);
    }

    @Test
    void equalEndpointsAreTheSameWhoeverMadeThem() {
        use(plain.withTag("A").withTls(TlsClient.DEFAULT));
        assertThat(take(plain.withTag("A").withTls(TlsClient.DEFAULT)).stats().reused())
                .isOne();
        SocketAddress address = plain.address();
        use(plain);
        assertThat(Spawned.on(loops.next(), () -> pool.connect(address))
                        .value()
                        .stats()
                        .reused())
                .isOne();
    }

    @Test
    void everyEndpointHasItsOwnLimitAndStatistics() {
        Connection one = take(plain);
        Connection two = take(plain.withTag("A"));
        assertThat(Spawned.on(loops.next(), () -> pool.connect(plain)).reason()).isEqualTo(Reason.POOL_FULL);
        one.abort();
        assertThat(pool.stats(plain).out()).isZero();
        assertThat(pool.stats(plain).dialled()).isOne();
        assertThat(pool.stats(plain.withTag("A")).out()).isOne();
        assertThat(pool.stats(plain.withTag("never")).dialled()).isZero();
        assertThat(pool.stats().dialled()).isEqualTo(2);
        two.abort();
    }

    /** 10, 26, 54, 55, and row 13: what makes no sense is refused at once. */
    @Test
    void boundsThatMakeNoSenseAreRefused() {
        PoolOptions options = PoolOptions.DEFAULT;
        assertThatThrownBy(() -> options.withIdle(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withLimit(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withBacklog(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KeepAlive.DEFAULT.withIdle(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KeepAlive.DEFAULT.withIdle(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
