package io.penstock.proxy;

/** A plugin threw, or did not answer; carries its name to whoever ends the transaction. */
final class PluginFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private final String plugin;

    PluginFailure(String plugin, Hook<?> hook, Throwable cause) {
        super("plugin " + plugin + " failed at " + hook + ": " + cause, cause);
        this.plugin = plugin;
    }

    PluginFailure(String plugin, Hook<?> hook, String what) {
        super("plugin " + plugin + " " + what + " at " + hook);
        this.plugin = plugin;
    }

    String plugin() {
        return plugin;
    }
}
