package io.penstock.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of the documentation: its links, its headings and the blocks of code in it. */
record Page(Path file, String text) {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+)$");

    /** Code between fences: the word behind the opening fence, and the line it begins at. */
    record Block(String language, String code, int line) {}

    static Page of(String path) throws IOException {
        Path file = Program.root().resolve(path);
        return new Page(file, Files.readString(file));
    }

    /** The README and everything in {@code docs}. */
    static List<Page> all() throws IOException {
        var pages = new ArrayList<Page>();
        pages.add(of("README.md"));
        try (Stream<Path> docs = Files.list(Program.root().resolve("docs"))) {
            for (Path file : docs.filter(each -> each.toString().endsWith(".md"))
                    .sorted()
                    .toList()) {
                pages.add(new Page(file, Files.readString(file)));
            }
        }
        return pages;
    }

    List<Block> blocks(String language) {
        var blocks = new ArrayList<Block>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (!matcher.group(1).equals(language)) continue;
            int line = (int) text.substring(0, matcher.start()).lines().count() + 1;
            blocks.add(new Block(language, matcher.group(2), line));
        }
        return blocks;
    }

    /** The targets of links to other pages, files and headings; not those to the web. */
    List<String> links() {
        var links = new ArrayList<String>();
        Matcher matcher = LINK.matcher(BLOCK.matcher(text).replaceAll(""));
        while (matcher.find()) {
            if (!matcher.group(1).contains("://")) links.add(matcher.group(1));
        }
        return links;
    }

    /** The names by which headings are linked to: lower case, words joined by hyphens, no punctuation. */
    List<String> anchors() {
        var anchors = new ArrayList<String>();
        Matcher matcher = HEADING.matcher(BLOCK.matcher(text).replaceAll(""));
        while (matcher.find()) {
            String heading = matcher.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\w\\- ]", "");
            anchors.add(heading.strip().replace(' ', '-'));
        }
        return anchors;
    }

    /** What is wrong with a link; empty when it leads somewhere. */
    String problem(String link) throws IOException {
        int hash = link.indexOf('#');
        String path = hash < 0 ? link : link.substring(0, hash);
        Path target = path.isEmpty() ? file : file.resolveSibling(path).normalize();
        if (!Files.exists(target)) return this + ": there is no " + link;
        if (hash < 0) return "";
        boolean found = new Page(target, Files.readString(target)).anchors().contains(link.substring(hash + 1));
        return found ? "" : this + ": no heading for " + link;
    }

    @Override
    public String toString() {
        return Program.root().relativize(file).toString();
    }
}
