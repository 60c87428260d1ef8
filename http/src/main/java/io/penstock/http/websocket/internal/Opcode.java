package io.penstock.http.websocket.internal;

import org.jspecify.annotations.Nullable;

/** What a frame is. Source: RFC 6455 §5.2. */
enum Opcode {
    CONTINUATION(0),
    TEXT(1),
    BINARY(2),
    CLOSE(8),
    PING(9),
    PONG(10);

    private static final @Nullable Opcode[] BY_NUMBER = new Opcode[16];

    static {
        for (Opcode each : values()) BY_NUMBER[each.number] = each;
    }

    final int number;

    Opcode(int number) {
        this.number = number;
    }

    /** The one of that number, 0 to 15; null when it is reserved. */
    static @Nullable Opcode of(int number) {
        return BY_NUMBER[number];
    }

    /** Whether it may stand between the frames of a message, and is short and whole itself. */
    boolean isControl() {
        return number >= 8;
    }
}
