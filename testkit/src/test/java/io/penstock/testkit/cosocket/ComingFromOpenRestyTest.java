package io.penstock.testkit.cosocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
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

    @Test
    void whatIsSaidToShowACheckOfThePeersIsThere() throws Exception {
        String sources = sources("../testkit/src") + sources("../http/src/test") + sources("../net/src/test");
        List<String> shown = Pattern.compile("`([^`]+)`")
                .matcher(between("checks"))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(shown).hasSizeGreaterThan(25);
        assertThat(shown.stream().filter(each -> !isThere(each, sources))).isEmpty();
    }

    private static boolean isThere(String name, String sources) {
        var test = Pattern.compile("(\\w+(Test|Contract))\\.(\\w+)").matcher(name);
        if (!test.matches()) return sources.contains('"' + name + '"');
        return Pattern.compile("(class|interface) " + test.group(1) + "\\b")
                        .matcher(sources)
                        .find()
                && sources.contains("void " + test.group(3) + "(");
    }

    private static String sources(String directory) throws IOException {
        var all = new StringBuilder();
        try (Stream<Path> files = Files.walk(Path.of(directory))) {
            for (Path each :
                    files.filter(file -> file.toString().endsWith(".java")).toList())
                all.append(Files.readString(each));
        }
        return all.toString();
    }

    private static void check(String name, String head, List<String> rows) throws Exception {
        String wanted = head + "\n" + String.join("\n", rows) + "\n";
        Files.writeString(Path.of("target", "openresty-" + name + ".md"), wanted);
        assertThat(between(name)).isEqualTo(wanted);
    }

    private static String between(String name) throws IOException {
        String page = Files.readString(PAGE);
        String begin = "<!-- " + name + ": begin -->\n";
        return page.substring(page.indexOf(begin) + begin.length(), page.indexOf("<!-- " + name + ": end -->"));
    }
}
