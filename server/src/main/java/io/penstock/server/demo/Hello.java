package io.penstock.server.demo;

import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** Answers {@code /hello} by itself; the origin is not asked. */
public final class Hello implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            if (transaction.request().path().equals("/hello")) {
                transaction.respond(200, "hello from a plugin\n");
            }
        });
    }
}
