package io.penstock.proxy;

/**
 * Extends the proxy: one small class, in one file.
 *
 * <p>{@snippet :
 * public final class Greeter implements Plugin {
 *     public void start(PluginContext penstock) {
 *         penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
 *             if (transaction.request().path().equals("/hello")) transaction.respond(200, "hello\n");
 *         });
 *     }
 * }
 * }
 */
public interface Plugin {
    /** Registers what the plugin does. Called once, before the first client is accepted; a failure stops the start-up. */
    void start(PluginContext penstock) throws Exception;

    /** Lets go of what the plugin holds. Called once, after the last transaction. */
    default void stop() throws Exception {}
}
