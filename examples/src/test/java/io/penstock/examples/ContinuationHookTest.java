package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ContinuationHookTest {
    @Test
    void theAnswerComesFromTheTimer() throws Exception {
        try (var program = Program.example(ContinuationHook.class, "0")) {
            long begun = System.nanoTime();
            var answer = Web.get(program.url("/question"));

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("the answer to /question came later\n");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }
}
