package io.penstock.server;

import io.penstock.net.Systemd;
import io.penstock.proxy.Plugin;
import io.penstock.server.config.Config;
import io.penstock.server.config.ConfigException;
import io.penstock.server.config.ConfigFile;
import io.penstock.server.config.EffectiveYaml;
import io.penstock.server.config.JsonSchema;
import io.penstock.server.config.ReferenceTable;
import io.penstock.server.plugin.PluginException;
import io.penstock.server.plugin.PluginSources;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The command line of the program. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    /** How long what is cut off may take to be logged. */
    private static final Duration LAST_LINES = Duration.ofSeconds(2);

    private final PrintStream out;
    private final PrintStream err;

    Main(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        ExitCode code = new Main(out, err).execute(List.of(arguments));
        LogSetup.flush();
        System.exit(code.number());
    }

    ExitCode execute(List<String> arguments) {
        Command command;
        try {
            command = CommandLine.parse(arguments);
        } catch (UsageException e) {
            err.println("penstock: " + e.getMessage());
            err.print(arguments.isEmpty() ? CommandLine.HELP : "Try: " + CommandLine.program() + " --help\n");
            return ExitCode.USAGE;
        }
        try {
            return switch (command) {
                case Command.Run(Optional<Path> config) -> run(config);
                case Command.Check(Path config, boolean print) -> check(config, print);
                case Command.Version(boolean verbose) -> version(verbose);
                case Command.Schema(boolean markdown) -> print(markdown ? ReferenceTable.text() : JsonSchema.text());
                case Command.Rehearse() -> rehearse();
                case Command.Help(String text) -> print(text);
            };
        } catch (ConfigException e) {
            err.println(e.render());
            err.println(count(e.problems().size(), "error"));
            return ExitCode.INVALID;
        } catch (PluginException e) {
            err.println(e.getMessage());
            return ExitCode.INVALID;
        } catch (StartException e) {
            err.println("penstock: " + e.getMessage());
            return e.code();
        }
    }

    private ExitCode run(Optional<Path> file) throws ConfigException, PluginException, StartException {
        Signals signals = new Signals();
        if (file.isEmpty()) {
            Demo demo = Demo.start();
            install(signals, demo.penstock());
            out.print(demo.introduction());
            return serve(signals, Duration.ofSeconds(2), demo::stop);
        }
        Config config = ConfigFile.load(file.get(), Systemd.sockets());
        Penstock penstock = Penstock.start(config, Penstock.plugins(config));
        install(signals, penstock);
        return serve(signals, config.shutdown().grace(), penstock::stop);
    }

    /** Waits for the signal to end, and ends within the grace period. */
    private ExitCode serve(Signals signals, Duration grace, Predicate<Duration> stop) {
        try {
            signals.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Systemd.notify("STOPPING=1");
        LOG.info("Draining for at most {} s; a second signal ends at once", grace.toSeconds());
        if (stop.test(grace)) {
            LOG.info("Drained");
            return ExitCode.OK;
        }
        LOG.warn("Requests were cut off: they were not done within {} s, or by the second signal", grace.toSeconds());
        return ExitCode.FORCED;
    }

    private static void install(Signals signals, Penstock penstock) {
        signals.install(penstock::reopenLogs, () -> renew(penstock), () -> endAtOnce(penstock));
        Systemd.notify("READY=1");
    }

    private static void renew(Penstock penstock) {
        Systemd.notify("RELOADING=1");
        penstock.renewCertificates();
        Systemd.notify("READY=1");
    }

    /** Without the JVM's shutdown hooks, which might wait for what is stuck. */
    private static void endAtOnce(Penstock penstock) {
        LOG.warn("Ending at once");
        Thread cutting = Thread.ofPlatform().daemon().start(penstock::cutOff);
        try {
            cutting.join(LAST_LINES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LogSetup.flush();
        Runtime.getRuntime().halt(ExitCode.FORCED.number());
    }

    private ExitCode check(Path file, boolean print) throws ConfigException, PluginException {
        Config config = ConfigFile.load(file);
        int plugins = 0;
        if (config.plugins().isPresent()) {
            plugins = PluginSources.of(Plugin.class)
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

    private static ExitCode rehearse() throws StartException, PluginException {
        try {
            Rehearsal.run();
            return ExitCode.OK;
        } catch (IOException e) {
            throw new StartException(ExitCode.FAILED, "the rehearsal failed: " + e, e);
        }
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
