package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.docker.Engine;
import org.junit.jupiter.api.Test;

/** The engine as its reader starts it; what it does is told by the tests in its package. */
class DockerEngineTest {
    @Test
    void itIsStartedFromItsSourcesAndAnswers() throws Exception {
        try (var engine = Program.example(Engine.class, "0")) {
            assertThat(Web.get(engine.url("/_ping")).headers().firstValue("Api-Version"))
                    .contains("1.50");
            assertThat(Web.get(engine.url("/v1.50/containers/json")).body()).isEqualTo("[]");
            assertThat(Web.get(engine.url("/v1.50/containers/nobody/json")).body())
                    .isEqualTo("{\"message\":\"No such container: nobody\"}");
        }
    }
}
