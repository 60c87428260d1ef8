package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The soak: in short, or as often as {@code -Dsoak=1000000} says. */
class SoakTest {
    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void nothingGrows() throws Exception {
        for (Soak.Report report : Soak.run(Long.getLong("soak", 10_000), Long.getLong("soak", 100_000))) {
            assertThat(report.growth()).as(report.toString()).isEmpty();
        }
    }
}
