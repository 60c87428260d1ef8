package io.penstock.http.internal;

import java.util.Arrays;
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

    private static final String UNKNOWN = "an unknown place";

    private Caller() {}

    /** The line of code that has led to where the stack was recorded. */
    static String of(Throwable stack) {
        return Arrays.stream(stack.getStackTrace())
                .filter(each -> !isOurs(each.getClassName()))
                .findFirst()
                .map(StackTraceElement::toString)
                .orElse(UNKNOWN);
    }

    private static boolean isOurs(String type) {
        return type.startsWith("io.penstock.") && OURS.contains(type.substring(type.lastIndexOf('.') + 1));
    }
}
