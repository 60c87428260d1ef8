package io.penstock.server.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** The text of a configuration file: knows its lines, and collects what is wrong with them. */
final class Source {
    private static final int LARGEST = 1 << 20;

    private final String name;
    private final List<String> lines;
    private final String text;
    private final Set<Problem> problems = new LinkedHashSet<>();

    Source(String name, String text) {
        this.name = name;
        this.text = text;
        this.lines = text.lines().toList();
    }

    /** The tree of the document; empty when there is no document, or when it is not YAML, which is then a problem. */
    Optional<Node> compose() {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(name)
                .setCodePointLimit(LARGEST)
                .setMaxAliasesForCollections(50)
                .build();
        try {
            return new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text))).getSingleNode();
        } catch (MarkedYamlEngineException e) {
            Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
            problem(mark, "this is not YAML: " + (e.getProblem() == null ? e.getContext() : e.getProblem()));
        } catch (YamlEngineException e) {
            problem(Optional.empty(), "this is not YAML: " + e.getMessage());
        }
        return Optional.empty();
    }

    void problem(Node at, String message) {
        problem(at.getStartMark(), message);
    }

    /** A problem of the file as a whole. */
    void problem(String message) {
        problem(Optional.empty(), message);
    }

    private void problem(Optional<Mark> at, String message) {
        problems.add(at.map(mark ->
                        new Problem(name, mark.getLine() + 1, mark.getColumn() + 1, message, line(mark.getLine())))
                .orElseGet(() -> Problem.ofFile(name, message)));
    }

    static int lineOf(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(-1) + 1;
    }

    private String line(int index) {
        return index < lines.size() ? lines.get(index) : "";
    }

    /** What is wrong, in the order of the file. */
    List<Problem> problems() {
        List<Problem> sorted = new ArrayList<>(problems);
        sorted.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
        return sorted;
    }
}
