package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.docker.Running.Outcome;
import java.util.Random;
import java.util.stream.Stream;

/** Something that a user of {@code docker} does, and what comes of it, to the byte. */
record Scenario(String name, Steps steps) {
    interface Steps {
        void take(Docker docker) throws Exception;
    }

    /** All of them. They need a {@linkplain Docker#box() box}. */
    static Stream<Scenario> all() {
        return Stream.of(ExecScenarios.ALL, RunScenarios.ALL, AttachScenarios.ALL)
                .flatMap(Stream::of);
    }

    /** More than all buffers on the way have room for. */
    static final byte[] BULK = new byte[20 << 20];

    static {
        new Random(5).nextBytes(BULK);
    }

    /** Compares bulk, without showing all of it. */
    static void assertOutput(Outcome outcome, byte[] expected) {
        assertThat(outcome.status()).as(outcome.error()).isZero();
        assertThat(outcome.output()).hasSize(expected.length);
        assertThat(outcome.output().equals(new String(expected, ISO_8859_1)))
                .as("the same bytes")
                .isTrue();
    }

    @Override
    public String toString() {
        return name;
    }
}
