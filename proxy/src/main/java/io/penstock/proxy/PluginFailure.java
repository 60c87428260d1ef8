package io.penstock.proxy;

import io.penstock.net.ConnectionException;
import java.util.List;
import java.util.stream.Stream;

/** A plugin threw, or did not answer; carries its name to whoever ends the transaction. */
final class PluginFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private static final List<String> HOUSE = List.of(
            "java.",
            "javax.",
            "jdk.",
            "sun.",
            "io.netty.",
            "io.penstock.net.",
            "io.penstock.http.",
            "io.penstock.proxy.");
    private final String plugin;
    private final Object place;

    /** @param place the hook or the route at which it was called */
    PluginFailure(String plugin, Object place, Throwable cause) {
        super("plugin " + plugin + " failed at " + place + ": " + cause, cause);
        this.plugin = plugin;
        this.place = place;
    }

    PluginFailure(String plugin, Object place, String what) {
        super("plugin " + plugin + " " + what + " at " + place);
        this.plugin = plugin;
        this.place = place;
    }

    String plugin() {
        return plugin;
    }

    /** The same for failures of the same code for the same reason, whatever their words are. */
    String kind() {
        Throwable cause = getCause();
        if (cause == null) return plugin + " " + place + " " + getMessage();
        String reason = cause instanceof ConnectionException lost ? " " + lost.reason() : "";
        return plugin + " " + place + " " + cause.getClass().getName() + reason + line(cause);
    }

    /** The plugin's own line, as what it has called fails at the same one for every caller; or where it was thrown. */
    private static String line(Throwable cause) {
        StackTraceElement[] stack = cause.getStackTrace();
        if (stack.length == 0) return "";
        StackTraceElement own =
                Stream.of(stack).filter(PluginFailure::isOfPlugin).findFirst().orElse(stack[0]);
        return " " + own;
    }

    private static boolean isOfPlugin(StackTraceElement frame) {
        return HOUSE.stream().noneMatch(frame.getClassName()::startsWith);
    }
}
