package io.penstock.server;

import io.penstock.server.config.Config;
import io.penstock.server.config.ConfigException;
import io.penstock.server.config.ConfigFile;
import io.penstock.server.config.EffectiveYaml;
import io.penstock.server.config.JsonSchema;
import io.penstock.server.config.ReferenceTable;
import io.penstock.server.plugin.PluginException;
import io.penstock.server.plugin.PluginSources;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The command line of the program. */
public final class Main {
    private final PrintStream out;
    private final PrintStream err;

    Main(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(new Main(out, err).execute(List.of(arguments)).number());
    }

    ExitCode execute(List<String> arguments) {
        Command command;
        try {
            command = CommandLine.parse(arguments);
        } catch (UsageException e) {
            err.println("penstock: " + e.getMessage());
            err.print(arguments.isEmpty() ? CommandLine.HELP : "Try: penstock --help\n");
            return ExitCode.USAGE;
        }
        try {
            return switch (command) {
                case Command.Run(Optional<Path> config) -> run(config);
                case Command.Check(Path config, boolean print) -> check(config, print);
                case Command.Version(boolean verbose) -> version(verbose);
                case Command.Schema(boolean markdown) -> print(markdown ? ReferenceTable.text() : JsonSchema.text());
                case Command.Help(String text) -> print(text);
            };
        } catch (ConfigException e) {
            err.println(e.render());
            err.println(count(e.problems().size(), "error"));
            return ExitCode.INVALID;
        } catch (PluginException e) {
            err.println(e.getMessage());
            return ExitCode.INVALID;
        }
    }

    private ExitCode run(Optional<Path> file) throws ConfigException, PluginException {
        err.println(
                "penstock: this build cannot run " + file.map(Path::toString).orElse("the demo"));
        return ExitCode.FAILED;
    }

    private ExitCode check(Path file, boolean print) throws ConfigException, PluginException {
        Config config = ConfigFile.load(file);
        int plugins = 0;
        if (config.plugins().isPresent()) {
            plugins = PluginSources.of(Object.class)
                    .compile(config.plugins().get())
                    .size();
        }
        if (print) {
            out.print(EffectiveYaml.of(config));
        } else {
            out.println(file + ": ok (" + count(config.listeners().size(), "listener") + ", "
                    + count(config.routes().size(), "route") + ", "
                    + count(config.upstreams().size(), "upstream") + ", "
                    + count(plugins, "plugin") + ")");
        }
        return ExitCode.OK;
    }

    private ExitCode version(boolean verbose) {
        out.println("penstock " + BuildInfo.version());
        if (verbose) {
            BuildInfo.details().forEach((name, value) -> out.printf("  %-10s %s%n", name, value));
        }
        return ExitCode.OK;
    }

    private ExitCode print(String text) {
        out.print(text);
        return ExitCode.OK;
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
