package io.penstock.server;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Reads the command line. Written by hand: the usual library spends 120 to 350 ms of a cold start that is to be under a second,
 * on five commands with two options each.
 */
final class CommandLine {
    static final String HELP = """
            Usage: penstock COMMAND [OPTIONS]

              run [CONFIG]           start the proxy; without a configuration, a demo that prints three curl lines to try
              check CONFIG           read a configuration and say what is wrong with it; opens no socket
              schema                 print the JSON Schema of the configuration, for editors
              version [--verbose]    print the version; verbose: JDK, Netty, transport, TLS engine, scheduler

            penstock COMMAND --help says more about one command.

            Exit codes: 0 ok; 1 failed at run time; 2 usage; 3 configuration invalid; 4 cannot bind or lacks permission;
                        5 forced to quit before the work in flight was done
            """;

    private static final String RUN = """
            Usage: penstock run [CONFIG]
                   penstock run -c CONFIG

            Starts the proxy in the foreground. Without a configuration it starts a demo: a listener on 127.0.0.1:8080 (or the
            next free port), an origin in the same process and two plugins; it prints three curl lines to try.

              -c, --config FILE      the configuration; the same as CONFIG
              -h, --help             print this

            SIGTERM and SIGINT stop accepting, let requests in flight finish within shutdown.grace, and exit with 0; a second
            one exits at once with 5.
            """;

    private static final String CHECK = """
            Usage: penstock check CONFIG
                   penstock check -c CONFIG

            Reads a configuration, compiles its plugins, and prints every mistake with its line and column. Opens no socket.
            Exits with 0 when all is well, and with 3 when it is not.

              -c, --config FILE      the configuration; the same as CONFIG
                  --print            print the configuration with every default filled in
              -h, --help             print this
            """;

    private static final String VERSION = """
            Usage: penstock version [--verbose]

            Prints the version.

              -v, --verbose          and the JDK, Netty, the transport, the TLS engine and the scheduler in use
              -h, --help             print this
            """;

    private static final String SCHEMA = """
            Usage: penstock schema [--markdown]

            Prints the JSON Schema of the configuration, for completion and checks in editors.

                  --markdown         print the table of all keys instead, as it stands in the guide
              -h, --help             print this
            """;

    private final String command;
    private final List<String> files = new ArrayList<>();
    private final Set<String> flags = new TreeSet<>();

    private CommandLine(String command) {
        this.command = command;
    }

    /** What a user types to call this program: the launcher tells. */
    static String program() {
        return System.getProperty("penstock.command", "penstock");
    }

    static Command parse(List<String> arguments) throws UsageException {
        if (arguments.isEmpty()) {
            throw new UsageException("a command is missing");
        }
        String command = arguments.getFirst();
        List<String> rest = arguments.subList(1, arguments.size());
        return switch (command) {
            case "run" -> new CommandLine(command).read(rest, true).run();
            case "check" -> new CommandLine(command).read(rest, true, "--print").check();
            case "version" ->
                new CommandLine(command).read(rest, false, "--verbose").version();
            case "schema" ->
                new CommandLine(command).read(rest, false, "--markdown").schema();
            case "rehearse" -> new Command.Rehearse(); // the launcher's business, hence in no help text
            case "help", "--help", "-h" -> help(rest);
            case "--version", "-V" -> new Command.Version(false);
            default -> throw new UsageException("'" + command + "' is not a command");
        };
    }

    private static Command help(List<String> topic) {
        return new Command.Help(
                switch (topic.isEmpty() ? "" : topic.getFirst()) {
                    case "run" -> RUN;
                    case "check" -> CHECK;
                    case "version" -> VERSION;
                    case "schema" -> SCHEMA;
                    default -> HELP;
                });
    }

    private CommandLine read(List<String> arguments, boolean takesFile, String... options) throws UsageException {
        List<String> known =
                Stream.concat(Stream.of(options), Stream.of("--help")).toList();
        for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
            String argument = rest.next();
            String option = spelledOut(argument);
            if (argument.equals("--")) {
                rest.forEachRemaining(files::add);
            } else if (takesFile && option.equals("--config")) {
                if (!rest.hasNext()) {
                    throw new UsageException(argument + " needs a file");
                }
                files.add(rest.next());
            } else if (takesFile && option.startsWith("--config=")) {
                files.add(option.substring("--config=".length()));
            } else if (known.contains(option)) {
                flags.add(option);
            } else if (argument.startsWith("-") && argument.length() > 1) {
                throw new UsageException("penstock " + command + " has no option " + argument);
            } else {
                files.add(argument);
            }
        }
        if (!takesFile && !files.isEmpty()) {
            throw new UsageException("penstock " + command + " takes no argument '" + files.getFirst() + "'");
        }
        if (files.size() > 1) {
            throw new UsageException("one configuration, please, not " + String.join(" and ", files));
        }
        return this;
    }

    private static String spelledOut(String option) {
        return switch (option) {
            case "-c" -> "--config";
            case "-h" -> "--help";
            case "-v" -> "--verbose";
            default -> option;
        };
    }

    private Command run() throws UsageException {
        return asksForHelp() ? new Command.Help(RUN) : new Command.Run(file());
    }

    private Command check() throws UsageException {
        if (asksForHelp()) {
            return new Command.Help(CHECK);
        }
        Path file = file().orElseThrow(() -> new UsageException("penstock check needs a configuration"));
        return new Command.Check(file, flags.contains("--print"));
    }

    private Command version() {
        return asksForHelp() ? new Command.Help(VERSION) : new Command.Version(flags.contains("--verbose"));
    }

    private Command schema() {
        return asksForHelp() ? new Command.Help(SCHEMA) : new Command.Schema(flags.contains("--markdown"));
    }

    private boolean asksForHelp() {
        return flags.contains("--help");
    }

    private Optional<Path> file() throws UsageException {
        try {
            return files.stream().findFirst().map(Path::of);
        } catch (InvalidPathException e) {
            throw new UsageException("'" + files.getFirst() + "' is not a path");
        }
    }
}
