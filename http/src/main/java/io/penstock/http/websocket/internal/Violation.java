package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.CloseCode;

/** The peer has broken a rule: the code to close with, and why in words. Without a stack trace, which would tell nothing. */
final class Violation extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;
    private final String reason;

    Violation(int code, String reason) {
        super(reason, null, false, false);
        this.code = code;
        this.reason = reason;
    }

    static Violation ofProtocol(String reason) {
        return new Violation(CloseCode.PROTOCOL_ERROR, reason);
    }

    static Violation notText() {
        return new Violation(CloseCode.INVALID_DATA, "the text is not UTF-8");
    }

    int code() {
        return code;
    }

    String reason() {
        return reason;
    }
}
