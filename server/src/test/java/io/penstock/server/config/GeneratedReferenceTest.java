package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The schema and the guide in the repository are what the records say now. */
class GeneratedReferenceTest {
    @Test
    void theSchemaInTheJarIsUpToDate() throws IOException {
        try (InputStream schema = getClass().getResourceAsStream("/io/penstock/server/penstock.schema.json")) {
            assertThat(new String(Objects.requireNonNull(schema).readAllBytes(), StandardCharsets.UTF_8))
                    .as("write it again with: ./penstock schema > server/src/main/resources/io/penstock/server/"
                            + "penstock.schema.json")
                    .isEqualTo(JsonSchema.text());
        }
    }

    @Test
    void theTableOfTheGuideIsUpToDate() throws IOException {
        assertThat(Files.readString(Path.of("../docs/configuration.md")))
                .as("paste into it what this prints: ./penstock schema --markdown")
                .contains(ReferenceTable.text());
    }

    @Test
    void theSchemaKnowsRequiredKeysLimitsAndDefaults() {
        assertThat(JsonSchema.text())
                .contains("\"required\": [\"listeners\"]")
                .contains("\"minItems\": 1")
                .contains("\"enum\": [\"text\", \"json\"]")
                .contains("\"default\": \"8KiB\"")
                .contains("\"default\": 64")
                .contains("\"additionalProperties\": false");
    }
}
