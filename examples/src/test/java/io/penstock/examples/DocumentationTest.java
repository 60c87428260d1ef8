package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.proxy.Hook;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentationTest {
    @Test
    void everyLinkLeadsSomewhere() throws Exception {
        var problems = new ArrayList<String>();
        int links = 0;
        for (Page page : Page.all()) {
            for (String link : page.links()) {
                links++;
                String problem = page.problem(link);
                if (!problem.isEmpty()) problems.add(problem);
            }
        }
        assertThat(problems).isEmpty();
        assertThat(links).isGreaterThan(10);
    }

    @Test
    void everyPieceOfJavaCompiles(@TempDir Path classes) throws Exception {
        var problems = new ArrayList<String>();
        int blocks = 0;
        for (Page page : Page.all()) {
            for (Page.Block block : page.blocks("java")) {
                blocks++;
                String problem = Snippet.of(block.code()).compile(classes);
                if (!problem.isEmpty()) problems.add(page + ":" + block.line() + ": " + problem);
            }
        }
        assertThat(problems).isEmpty();
        assertThat(blocks).isGreaterThan(1);
    }

    @Test
    void theTableOfReasonsHasThemAllInTheirOrder() throws Exception {
        String text = Page.of("docs/errors.md").text();
        String table = text.substring(text.indexOf("## Every reason"), text.indexOf("```java"));
        var named = Pattern.compile("(?m)^\\| `([A-Z_]+)` \\| [^|]{20,} \\| [^|]{5,} \\|$")
                .matcher(table)
                .results()
                .map(match -> match.group(1));

        assertThat(named)
                .containsExactlyElementsOf(
                        Stream.of(Reason.values()).map(Reason::name).toList());
        assertThat(text)
                .contains("| `phase()` | while doing what: "
                        + Stream.of(ConnectionException.Phase.values())
                                .map(phase -> "`" + phase + "`")
                                .collect(Collectors.joining(", "))
                        + " |\n");
    }

    @Test
    void theListOfImportsIsWhatTheCodeOfTheGuideIsCompiledWith() throws Exception {
        assertThat(Page.of("docs/write-a-plugin.md").text()).contains("```java\n" + Snippet.IMPORTS + "```\n");
    }

    @Test
    void theTableOfHooksHasThemAllInTheirOrder() throws Exception {
        var named = Pattern.compile("(?m)^\\| `([A-Z_]+)` \\|")
                .matcher(Page.of("docs/write-a-plugin.md").text())
                .results()
                .map(match -> match.group(1));

        assertThat(named)
                .containsExactlyElementsOf(
                        Hook.all().stream().map(Hook::toString).toList());
    }
}
