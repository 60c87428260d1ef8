package io.penstock.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A public type is a promise; each one stands in {@code public-surface.txt}, so that none is made by accident. */
class PublicSurfaceTest {
    private static final String LIST = "/public-surface.txt";

    @Test
    void everyPublicTypeIsListed() throws IOException {
        var actual = new TreeSet<String>();
        Production.publicTypes().map(JavaClass::getName).forEach(name -> actual.add(name.replace('$', '.')));
        var listed = new TreeSet<>(listed());

        var difference = new ArrayList<String>();
        actual.stream().filter(type -> !listed.contains(type)).forEach(type -> difference.add("+ " + type));
        listed.stream().filter(type -> !actual.contains(type)).forEach(type -> difference.add("- " + type));
        Path current = Path.of("target/public-surface.txt");
        Files.createDirectories(Objects.requireNonNull(current.getParent()));
        Files.write(current, actual);

        assertThat(difference)
                .as("public types now (+) and listed types that are gone (-). If each is meant:"
                        + " cp server/target/public-surface.txt server/src/test/resources/")
                .isEmpty();
    }

    private static List<String> listed() throws IOException {
        try (InputStream stream = PublicSurfaceTest.class.getResourceAsStream(LIST)) {
            return new String(Objects.requireNonNull(stream, LIST).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
        }
    }
}
