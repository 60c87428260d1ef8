package io.penstock.server.plugin;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * A directory of plugins: every {@code *.java} in it is one, named like its public class.
 *
 * <p>Each file is compiled by itself, against the class path of the program and the jars in {@code lib} below the directory, and gets a
 * class loader of its own with them: plugins do not see each other, and two may have classes of the same name. Nothing is written to
 * disk. The compiler is only started when there is a plugin.
 *
 * @param <P> what every plugin implements
 */
public final class PluginSources<P> {
    private static final String LIBRARIES = "lib";

    private final Class<P> kind;
    private final Supplier<@Nullable JavaCompiler> compilers;

    private PluginSources(Class<P> kind, Supplier<@Nullable JavaCompiler> compilers) {
        this.kind = kind;
        this.compilers = compilers;
    }

    public static <P> PluginSources<P> of(Class<P> kind) {
        return new PluginSources<>(kind, ToolProvider::getSystemJavaCompiler);
    }

    static <P> PluginSources<P> of(Class<P> kind, Supplier<@Nullable JavaCompiler> compilers) {
        return new PluginSources<>(kind, compilers);
    }

    /**
     * Compiles the plugins of a directory, in the order of their names. Runs none of their code.
     *
     * @throws PluginException with the mistakes of all files, as the compiler shows them
     */
    public List<PluginClass<P>> compile(Path directory) throws PluginException {
        List<Path> files = files(directory, ".java");
        if (files.isEmpty()) {
            return List.of();
        }
        JavaCompiler compiler = compilers.get();
        if (compiler == null) {
            throw new PluginException(
                    directory + ": plugins are compiled at start, which needs a JDK; " + System.getProperty("java.home")
                            + " is a runtime without a compiler (module jdk.compiler). Run Penstock with a JDK, or remove"
                            + " 'plugins' from the configuration",
                    null);
        }
        Path jars = directory.resolve(LIBRARIES);
        List<Path> libraries = Files.isDirectory(jars) ? files(jars, ".jar") : List.of();
        List<PluginClass<P>> plugins = new ArrayList<>();
        List<String> reports = new ArrayList<>();
        try (StandardJavaFileManager platform =
                compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8)) {
            for (Path file : files) {
                try {
                    plugins.add(compile(compiler, platform, file, libraries));
                } catch (PluginException e) {
                    reports.addAll(e.reports());
                }
            }
        } catch (IOException e) {
            throw new PluginException(directory + ": the compiler failed: " + e.getMessage(), e);
        }
        if (!reports.isEmpty()) {
            throw new PluginException(reports);
        }
        return plugins;
    }

    private static List<Path> files(Path directory, String extension) throws PluginException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(file -> file.toString().endsWith(extension) && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            throw new PluginException(directory + ": there is no such directory", e);
        } catch (IOException e) {
            throw new PluginException(directory + ": the plugins cannot be listed: " + e, e);
        }
    }

    private PluginClass<P> compile(
            JavaCompiler compiler, StandardJavaFileManager platform, Path file, List<Path> libraries)
            throws PluginException {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new PluginException(file + ": cannot be read: " + e, e);
        }
        StringWriter messages = new StringWriter();
        ClassesInMemory output = new ClassesInMemory(platform);
        boolean compiled = compiler.getTask(
                        messages,
                        output,
                        null,
                        List.of("-classpath", classPath(libraries), "-proc:none", "-nowarn", "-g"),
                        null,
                        List.of(new Text(file, text)))
                .call();
        if (!compiled) {
            throw new PluginException(List.of(messages.toString().stripTrailing()));
        }
        return find(file, text, output.classes(), libraries);
    }

    /** The program's first, as the class loader asks it first. */
    private static String classPath(List<Path> libraries) {
        return Stream.concat(
                        Stream.of(System.getProperty("java.class.path")),
                        libraries.stream().map(Path::toString))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static List<URL> urls(List<Path> libraries) {
        return libraries.stream()
                .map(jar -> {
                    try {
                        return jar.toUri().toURL();
                    } catch (MalformedURLException e) {
                        throw new IllegalStateException("a file is no URL: " + jar, e);
                    }
                })
                .toList();
    }

    private PluginClass<P> find(Path file, String text, Map<String, byte[]> classes, List<Path> libraries)
            throws PluginException {
        String name = Objects.requireNonNull(file.getFileName()).toString().replaceAll("\\.java$", "");
        String binaryName = classes.keySet().stream()
                .filter(candidate -> candidate.equals(name) || candidate.endsWith("." + name))
                .findFirst()
                .orElseThrow(() -> new PluginException(
                        file + ": error: there is no class " + name + "; a plugin is a public class of the file's name",
                        null));
        Class<?> type;
        try {
            ClassLoader ours = PluginSources.class.getClassLoader();
            type = Class.forName(binaryName, false, new PluginLoader(file.toString(), classes, urls(libraries), ours));
        } catch (ClassNotFoundException | LinkageError e) {
            throw new PluginException(file + ": error: " + name + " cannot be loaded: " + e, e);
        }
        if (!kind.isAssignableFrom(type)) {
            throw complaint(file, text, name, "class " + name + " does not implement " + kind.getName());
        }
        if (!Modifier.isPublic(type.getModifiers()) || Modifier.isAbstract(type.getModifiers())) {
            throw complaint(file, text, name, "class " + name + " must be public and not abstract");
        }
        if (Stream.of(type.getConstructors()).noneMatch(constructor -> constructor.getParameterCount() == 0)) {
            throw complaint(file, text, name, "class " + name + " has no public constructor without parameters");
        }
        return new PluginClass<>(name, file, type.asSubclass(kind));
    }

    /** What the compiler has no rule for, in the compiler's form, at the declaration of the class. */
    private static PluginException complaint(Path file, String text, String name, String message) {
        Pattern declaration = Pattern.compile("\\b(class|record|enum|interface)\\s+" + Pattern.quote(name) + "\\b");
        Matcher matcher = declaration.matcher(text);
        if (!matcher.find()) {
            return new PluginException(file + ": error: " + message, null);
        }
        int start = text.lastIndexOf('\n', matcher.start()) + 1;
        long line = text.substring(0, start).chars().filter(c -> c == '\n').count() + 1;
        return new PluginException(
                "%s:%d: error: %s%n%s%n%s^"
                        .formatted(
                                file,
                                line,
                                message,
                                text.substring(start).lines().findFirst().orElse(""),
                                " ".repeat(matcher.start() - start)),
                null);
    }

    /** A file that was read already, shown under the name the user knows it by. */
    private static final class Text extends SimpleJavaFileObject {
        private final Path file;
        private final String content;

        Text(Path file, String content) {
            super(file.toUri(), JavaFileObject.Kind.SOURCE);
            this.file = file;
            this.content = content;
        }

        @Override
        public String getName() {
            return file.toString();
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return content;
        }
    }
}
