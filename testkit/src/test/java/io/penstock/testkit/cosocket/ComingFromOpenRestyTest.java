package io.penstock.testkit.cosocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The chapter has the tables as they are in the code; where it has not, what it should have is left in {@code target}. */
class ComingFromOpenRestyTest {
    private static final Path PAGE = Path.of("../docs/coming-from-openresty.md");

    @Test
    void theTableOfDifferencesIsThatOfTheCode() throws Exception {
        check(
                "differences",
                "| call | there | here | why |\n|---|---|---|---|",
                Stream.of(IntendedDifference.values())
                        .map(IntendedDifference::row)
                        .toList());
    }

    @Test
    void theTableOfReasonsIsThatOfTheCode() throws Exception {
        check("reasons", "| there | here |\n|---|---|", PeerWords.rows());
    }

    private static void check(String name, String head, List<String> rows) throws Exception {
        String wanted = head + "\n" + String.join("\n", rows) + "\n";
        Files.writeString(Path.of("target", "openresty-" + name + ".md"), wanted);
        String page = Files.readString(PAGE);
        String begin = "<!-- " + name + ": begin -->\n";
        int from = page.indexOf(begin) + begin.length();
        assertThat(page.substring(from, page.indexOf("<!-- " + name + ": end -->")))
                .isEqualTo(wanted);
    }
}
