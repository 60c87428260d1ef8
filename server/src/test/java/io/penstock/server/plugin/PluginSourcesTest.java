package io.penstock.server.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginSourcesTest {
    @TempDir
    Path directory;

    private void file(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private List<PluginClass<Supplier<String>>> compile() throws PluginException {
        return sources().compile(directory);
    }

    @SuppressWarnings("unchecked") // every plugin of these tests supplies a String
    private static PluginSources<Supplier<String>> sources() {
        return PluginSources.of((Class<Supplier<String>>) (Class<?>) Supplier.class);
    }

    private List<String> reports() {
        return catchThrowableOfType(PluginException.class, this::compile).reports();
    }

    private static String supplier(String name, String value) {
        return "public class %s implements java.util.function.Supplier<String> { public String get() { return %s; } }"
                .formatted(name, value);
    }

    @Test
    void everySourceFileIsAPluginInTheOrderOfNames() throws Exception {
        file("Second.java", supplier("Second", "\"two\""));
        file("First.java", "package some.where;\n" + supplier("First", "\"one\""));
        file("notes.txt", "not a plugin");

        List<PluginClass<Supplier<String>>> plugins = compile();

        assertThat(plugins).extracting(PluginClass::name).containsExactly("First", "Second");
        assertThat(plugins.get(0).instantiate().get()).isEqualTo("one");
        assertThat(plugins.get(1).instantiate().get()).isEqualTo("two");
    }

    @Test
    void pluginsDoNotSeeEachOtherAndMayHaveClassesOfTheSameName() throws Exception {
        for (String name : List.of("A", "B")) {
            file(
                    name + ".java",
                    supplier(name, "Shared.VALUE") + "\nclass Shared { static String VALUE = \"of " + name + "\"; }");
        }
        List<PluginClass<Supplier<String>>> plugins = compile();
        assertThat(plugins.get(0).instantiate().get()).isEqualTo("of A");
        assertThat(plugins.get(1).instantiate().get()).isEqualTo("of B");
        assertThat(plugins.get(0).type().getClassLoader())
                .isNotSameAs(plugins.get(1).type().getClassLoader());

        file("C.java", supplier("C", "new A().get()"));
        assertThat(reports()).singleElement().asString().contains("C.java:1: error: cannot find symbol");
    }

    @Test
    void mistakesAreShownAsACompilerShowsThemAndForEveryFile() throws Exception {
        file("Bad.java", """
                public class Bad implements java.util.function.Supplier<String> {
                    public String get() {
                        return 42;
                    }
                }
                """);
        file("Worse.java", "public class Worse {");

        assertThat(reports())
                .satisfiesExactly(
                        bad -> assertThat(bad).isEqualTo("""
                        %s:3: error: incompatible types: int cannot be converted to String
                                return 42;
                                       ^
                        1 error""".formatted(directory.resolve("Bad.java"))),
                        worse -> assertThat(worse).contains("Worse.java:1: error: reached end of file while parsing"));
    }

    @Test
    void aPluginMustImplementTheInterface() throws Exception {
        file("Plain.java", "\npublic final class Plain {}\n");
        assertThat(reports()).containsExactly("""
                %s:2: error: class Plain does not implement java.util.function.Supplier
                public final class Plain {}
                             ^""".formatted(directory.resolve("Plain.java")));
    }

    @Test
    void aPluginMustBePublicAndHaveAConstructorWithoutParameters() throws Exception {
        file("Hidden.java", supplier("Hidden", "\"\"").replace("public class", "class"));
        file("Picky.java", supplier("Picky", "\"\"").replace("{ public", "{ public Picky(int a) {} public"));
        file("Other.java", "class Another {}");
        assertThat(reports())
                .satisfiesExactly(
                        hidden -> assertThat(hidden)
                                .contains("Hidden.java:1: error: class Hidden must be public and not abstract"),
                        other -> assertThat(other).contains("Other.java: error: there is no class Other"),
                        picky ->
                                assertThat(picky).contains("class Picky has no public constructor without parameters"));
    }

    @Test
    void aConstructorThatFailsIsNamedWithItsCause() throws Exception {
        file(
                "Angry.java",
                supplier("Angry", "\"\"").replace("{ public", "{ public Angry() { throw new Error(\"no\"); } public"));
        PluginClass<Supplier<String>> angry = compile().getFirst();
        assertThat(catchThrowableOfType(PluginException.class, angry::instantiate))
                .hasMessage(directory.resolve("Angry.java") + ": the constructor of Angry failed: java.lang.Error: no")
                .hasCauseInstanceOf(Error.class);
    }

    @Test
    void compilingRunsNoneOfThePlugin() throws Exception {
        file(
                "Eager.java",
                supplier("Eager", "\"\"")
                        .replace("{ public", "{ static { System.setProperty(\"eager\", \"ran\"); } public"));
        compile();
        assertThat(System.getProperty("eager")).isNull();
    }

    @Test
    void jarsInLibAreOnTheClassPathOfEachPluginAndAreNotShared() throws Exception {
        Path classes = Files.createDirectory(directory.resolve("classes"));
        Path source = Files.writeString(
                directory.resolve("Counter.txt"),
                "package tally; public class Counter { private static int n; public static int next() { return ++n; } }");
        jar(source, classes, Files.createDirectory(directory.resolve("lib")).resolve("tally.jar"));
        for (String name : List.of("A", "B")) {
            file(name + ".java", supplier(name, "\"\" + tally.Counter.next()"));
        }

        List<PluginClass<Supplier<String>>> plugins = compile();

        assertThat(plugins.get(0).instantiate().get()).isEqualTo("1");
        assertThat(plugins.get(0).instantiate().get()).isEqualTo("2");
        assertThat(plugins.get(1).instantiate().get())
                .as("a counter of its own")
                .isEqualTo("1");
    }

    private static void jar(Path source, Path classes, Path jar) throws Exception {
        Path java = Files.copy(source, classes.resolve("Counter.java"));
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "-d", classes.toString(), java.toString()))
                .isZero();
        try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry("tally/Counter.class"));
            out.write(Files.readAllBytes(classes.resolve("tally/Counter.class")));
        }
    }

    @Test
    void aFileInLibThatIsNoJarIsNamed() throws Exception {
        Files.writeString(Files.createDirectory(directory.resolve("lib")).resolve("broken.jar"), "no zip");
        file("A.java", supplier("A", "\"\""));
        assertThat(reports()).singleElement().asString().contains("broken.jar");
    }

    @Test
    void withoutACompilerTheMessageSaysWhatToDo() throws Exception {
        PluginSources<Runnable> sources = PluginSources.of(Runnable.class, () -> null);
        assertThat(sources.compile(directory)).isEmpty();

        file("A.java", "");
        assertThat(catchThrowableOfType(PluginException.class, () -> sources.compile(directory)))
                .hasMessageContaining("needs a JDK")
                .hasMessageContaining("Run Penstock with a JDK, or remove 'plugins' from the configuration");
    }

    @Test
    void aDirectoryThatIsMissingIsToldWhateverItIsCalled() {
        for (String name : List.of("plugins", "lib")) {
            Path missing = directory.resolve(name);
            assertThat(catchThrowableOfType(
                            PluginException.class, () -> sources().compile(missing)))
                    .hasMessageContaining(missing + ": there is no such directory");
        }
    }
}
