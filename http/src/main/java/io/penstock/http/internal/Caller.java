package io.penstock.http.internal;

import java.util.Set;

/** Who has called an exchange, for those who look for it. */
final class Caller {
    /** Ours, between the caller and what is told of them. */
    private static final Set<String> OURS = Set.of(
            "Exchange",
            "ClientExchange",
            "StreamClientExchange",
            "PooledExchange",
            "ServerExchange",
            "HookedExchange",
            "Progress",
            "TakeOver",
            "Caller",
            "MessageOutput",
            "BodyOutput",
            "ChunkOutput",
            "AnyOutput",
            "Output",
            "OutputAsStream");

    private Caller() {}

    /** The line of code that has led to where the stack was recorded. */
    static String of(Throwable stack) {
        for (StackTraceElement each : stack.getStackTrace()) {
            String type = each.getClassName();
            if (!type.startsWith("io.penstock.") || !OURS.contains(type.substring(type.lastIndexOf('.') + 1))) {
                return each.toString();
            }
        }
        return "an unknown place";
    }
}
