package io.penstock.proxy;

/** A plugin threw, or did not answer; carries its name to whoever ends the transaction. */
final class PluginFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private final String plugin;

    /** @param place the hook or the route at which it was called */
    PluginFailure(String plugin, Object place, Throwable cause) {
        super("plugin " + plugin + " failed at " + place + ": " + cause, cause);
        this.plugin = plugin;
    }

    PluginFailure(String plugin, Object place, String what) {
        super("plugin " + plugin + " " + what + " at " + place);
        this.plugin = plugin;
    }

    String plugin() {
        return plugin;
    }
}
