package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class OpenConnectionsTest {
    @Test
    void aFloodOfFailedHandshakesIsCountedAndToldNowAndThen() {
        var open = new OpenConnections();
        assertThat(open.tlsFailed()).as("the first one at once").isEqualTo(1);
        long[] told = LongStream.range(0, 10_000)
                .map(_ -> open.tlsFailed())
                .filter(each -> each > 0)
                .toArray();
        assertThat(told.length).isLessThan(100);
        assertThat(open.tlsFailures()).isEqualTo(10_001);
    }
}
