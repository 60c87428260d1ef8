package io.penstock.server;

/** How the program ended, as its exit code says. */
enum ExitCode {
    /** It did what was asked. */
    OK(0),
    /** It failed at run time. */
    FAILED(1),
    /** The command line makes no sense. */
    USAGE(2),
    /** The configuration, or a plugin, has mistakes. */
    INVALID(3),
    /** An address cannot be bound, or permission for something is missing. */
    CANNOT_BIND(4),
    /** It was forced to quit before the work in flight was done. */
    FORCED(5);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
