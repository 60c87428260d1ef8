package io.penstock.http.internal;

/** A message that is refused: the status to answer it with, and why in words. Without a stack trace, which would tell nothing. */
final class BadMessage extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String reason;

    BadMessage(int status, String reason) {
        super(reason, null, false, false);
        this.status = status;
        this.reason = reason;
    }

    static BadMessage malformed(String reason) {
        return new BadMessage(400, reason);
    }

    int status() {
        return status;
    }

    String reason() {
        return reason;
    }
}
