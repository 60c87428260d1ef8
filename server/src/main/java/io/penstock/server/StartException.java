package io.penstock.server;

/** The program cannot start; the message says why and what to do, the code how to exit. */
final class StartException extends Exception {
    private final ExitCode code;

    StartException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    StartException(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    ExitCode code() {
        return code;
    }
}
