package io.penstock.server.config;

import io.penstock.net.Systemd;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads configuration files. */
public final class ConfigFile {
    private ConfigFile() {}

    /**
     * Reads, binds and checks a file. Opens no socket and resolves no name.
     *
     * @throws ConfigException with every mistake in it, or the reason why it cannot be read
     */
    public static Config load(Path file) throws ConfigException {
        return load(file, Optional.empty());
    }

    /**
     * As {@link #load(Path)}, for a process that is to run it: the sockets that the file names must be among these.
     *
     * @param sockets what systemd has passed to the process
     */
    public static Config load(Path file, List<Systemd.Inherited> sockets) throws ConfigException {
        return load(file, Optional.of(sockets));
    }

    private static Config load(Path file, Optional<List<Systemd.Inherited>> sockets) throws ConfigException {
        String name = file.toString();
        String text;
        try {
            if (Files.isDirectory(file)) {
                throw new ConfigException(List.of(Problem.ofFile(name, "this is a directory, not a file")));
            }
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException(List.of(Problem.ofFile(name, "no such file")));
        } catch (AccessDeniedException e) {
            throw new ConfigException(List.of(Problem.ofFile(name, "permission denied")));
        } catch (CharacterCodingException e) {
            throw new ConfigException(List.of(Problem.ofFile(name, "this is not UTF-8 text")));
        } catch (IOException e) {
            throw new ConfigException(List.of(Problem.ofFile(name, "cannot be read: " + e.getMessage())));
        }
        Path directory = Optional.ofNullable(file.getParent()).orElse(Path.of(""));
        return parse(name, text, directory, System::getenv, sockets);
    }

    /** As {@link #load}, of a text whose relative paths start at the working directory. */
    public static Config parse(String name, String text) throws ConfigException {
        return parse(name, text, Path.of(""), System::getenv, Optional.empty());
    }

    /**
     * As {@link #load}, of a text.
     *
     * @param directory where relative paths start
     * @param variables the environment, null for a variable that is not set
     * @param sockets what systemd has passed; empty when that is not known
     */
    static Config parse(
            String name,
            String text,
            Path directory,
            Function<String, @Nullable String> variables,
            Optional<List<Systemd.Inherited>> sockets)
            throws ConfigException {
        Source source = new Source(name, text);
        Optional<Node> root = source.compose();
        if (!source.problems().isEmpty()) {
            throw new ConfigException(source.problems());
        }
        Binder binder = new Binder(source, new Environment(variables), directory);
        Optional<Config> config = binder.bind(Config.class, root);
        new Checks(source, binder.bound(), upstreams(root)).run();
        sockets.ifPresent(passed -> new SocketChecks(source, binder.bound(), passed).run());
        if (config.isEmpty() || !source.problems().isEmpty()) {
            throw new ConfigException(source.problems());
        }
        return config.get();
    }

    private static Set<String> upstreams(Optional<Node> root) {
        return entries(root).stream()
                .filter(entry -> entry.getKeyNode() instanceof ScalarNode key
                        && key.getValue().equals("upstreams"))
                .flatMap(entry -> entries(Optional.of(entry.getValueNode())).stream())
                .flatMap(entry ->
                        entry.getKeyNode() instanceof ScalarNode key ? Stream.of(key.getValue()) : Stream.empty())
                .collect(Collectors.toSet());
    }

    private static List<NodeTuple> entries(Optional<Node> node) {
        return node.orElse(null) instanceof MappingNode mapping ? mapping.getValue() : List.of();
    }
}
