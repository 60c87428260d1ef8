package io.penstock.server.demo;

import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** Adds a header to every answer, whoever gives it. */
public final class ServedBy implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(
                Hook.SEND_RESPONSE_HEAD,
                transaction -> transaction.response().headers().set("X-Served-By", "penstock"));
    }
}
