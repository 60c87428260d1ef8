package io.penstock.server;

import java.nio.file.Path;
import java.util.Optional;

/** What the command line asks for. */
sealed interface Command {
    /** Starts the proxy; without a configuration, the demo. */
    record Run(Optional<Path> config) implements Command {}

    /** Reads a configuration and says what is wrong with it. */
    record Check(Path config, boolean print) implements Command {}

    /** Prints the version. */
    record Version(boolean verbose) implements Command {}

    /** Prints the JSON Schema of the configuration, or its table for the guide. */
    record Schema(boolean markdown) implements Command {}

    /** Does once what every start does, for the launcher to make the start-up cache from. */
    record Rehearse() implements Command {}

    /** Prints a help text to standard output. */
    record Help(String text) implements Command {}
}
