package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Loop;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a connection says about itself. */
interface IdentityContract extends Contract {
    @Test
    default void everyConnectionHasANumberOfItsOwn() throws Exception {
        assertThat(java.util.Set.of(
                        open().connection().id(),
                        open().connection().id(),
                        open().connection().id()))
                .hasSize(3);
    }

    @Test
    default void aConnectionKnowsWhereItComesFrom() throws Exception {
        var connection = open().connection();
        assertThat(connection.origin()).isEqualTo(kind().origin());
        assertThat(connection.localAddress()).isNotNull();
        assertThat(connection.remoteAddress()).isNotNull();
        if (kind().isTcp()) {
            assertThat(((InetSocketAddress) connection.localAddress()).getPort())
                    .isPositive();
            assertThat(((InetSocketAddress) connection.remoteAddress()).getPort())
                    .isPositive()
                    .isNotEqualTo(((InetSocketAddress) connection.localAddress()).getPort());
        }
    }

    @Test
    default void aConnectionBelongsToOneLoopWhichCountsIt() throws Exception {
        var connection = open().connection();
        Loop loop = connection.loop();
        int open = loop.connections();
        assertThat(open).isPositive();
        connection.abort();
        Await.until("the loop has let go of it", () -> loop.connections() < open);
    }

    @Test
    default void operationsRunOnTheThreadsOfTheLoop() throws Exception {
        Ends ends = open();
        assertThat(ends.call(c -> {
                            Loop current = Loop.current();
                            assertThat(current).isSameAs(c.loop());
                            return Thread.currentThread().isVirtual();
                        })
                        .value())
                .isTrue();
        assertThat(Loop.current()).isNull();
    }

    @Test
    default void theStatisticsCountWhatCameAndWhatWent() throws Exception {
        Instant before = Instant.now();
        Ends ends = open();
        var fresh = ends.connection().stats();
        assertThat(ends.received()).isZero();
        assertThat(ends.sent()).isZero();
        assertThat(fresh.reused()).isZero();
        assertThat(fresh.opened())
                .isBetween(before.minusMillis(50), Instant.now().plusMillis(50));
        ends.feed(new byte[1000], Cut.random());
        assertThat(ends.call(c -> c.receive(1000)).value()).hasSize(1000);
        ends.act(c -> {
                    c.send(new byte[700]);
                    c.flush();
                })
                .value();
        assertThat(ends.received()).isEqualTo(1000);
        assertThat(ends.sent()).isEqualTo(700);
        assertThat(ends.connection().stats().opened()).isEqualTo(fresh.opened());
        ends.connection().abort();
        assertThat(ends.received()).isEqualTo(1000);
    }

    @Test
    default void socketOptionsAreForSocketsThatHaveThem() throws Exception {
        Ends ends = open();
        if (kind().isTcp()) {
            ends.act(c -> c.option(StandardSocketOptions.TCP_NODELAY, true)).value();
            ends.act(c -> c.option(StandardSocketOptions.SO_KEEPALIVE, true)).value();
        } else {
            assertThatThrownBy(() -> ends.connection().option(StandardSocketOptions.TCP_NODELAY, true))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        ends.feed("fine", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(4)).value()).isEqualTo(Payload.bytes("fine"));
    }

    @Test
    default void aConnectionDescribesItself() throws Exception {
        var connection = open().connection();
        assertThat(connection.toString()).contains(String.valueOf(connection.id()));
    }
}
