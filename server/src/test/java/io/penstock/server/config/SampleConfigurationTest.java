package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The configuration that comes with the distribution is the first one a user changes. */
class SampleConfigurationTest {
    private static final Path SAMPLE = Path.of("src/dist/conf/penstock.yaml");
    private static final Pattern COMMENTED_KEY = Pattern.compile("^( *)# ([a-z-]+: .*)$", Pattern.MULTILINE);

    @Test
    void itIsValid() throws Exception {
        assertThat(read(sample()).routes()).hasSize(1);
    }

    @Test
    void itsCommentedValuesAreTheDefaults() throws Exception {
        String all = COMMENTED_KEY.matcher(sample()).replaceAll("$1$2");
        assertThat(all).isNotEqualTo(sample());

        // The default of loops depends on the machine, so the sample can only show some number.
        assertThat(read(all.replaceAll("(?m)^loops: .*$", ""))).isEqualTo(read(sample()));
        assertThat(read(all).loops()).isPresent();
    }

    private static String sample() throws IOException {
        return Files.readString(SAMPLE);
    }

    private static Config read(String text) throws ConfigException {
        Path directory = SAMPLE.toAbsolutePath().getParent();
        assertThat(directory).isNotNull();
        return ConfigFile.parse("penstock.yaml", text, directory, _ -> null, Optional.empty());
    }
}
