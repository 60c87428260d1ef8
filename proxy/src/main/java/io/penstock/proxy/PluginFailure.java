package io.penstock.proxy;

/** A plugin threw, or did not answer; carries its name to whoever ends the transaction. */
final class PluginFailure extends Exception {
    private static final long serialVersionUID = 1L;
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
        StackTraceElement[] stack = cause.getStackTrace();
        return plugin + " " + place + " " + cause.getClass().getName() + (stack.length == 0 ? "" : " " + stack[0]);
    }
}
