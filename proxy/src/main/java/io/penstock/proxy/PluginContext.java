package io.penstock.proxy;

import io.penstock.http.Handler;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.event.Continuation;

/** What a plugin is given to register itself and to dial; it stays valid as long as the plugin runs. Any thread. */
public interface PluginContext {
    /** The plugin's name, as it appears in logs. */
    String name();

    /** Has the handler called at a hook of every session or transaction. */
    <T> Registration on(Hook<T> hook, HookHandler<T> handler);

    /**
     * Has a continuation told at a hook of every session or transaction, which waits until it is resumed.
     *
     * <p>{@snippet :
     * penstock.on(Hook.SEND_RESPONSE_HEAD, Continuation.of((self, event) -> {
     *     if (event instanceof HttpEvent.TransactionHook(var hook, var transaction)) {
     *         transaction.response().headers().set("X-Served-By", "penstock");
     *         transaction.resume();
     *     }
     * }));
     * }
     */
    <T> Registration on(Hook<T> hook, Continuation continuation);

    /**
     * Answers requests whose path is {@code path} or lies below it, for any host.
     *
     * <p>Plugins' routes are asked before those of the configuration. Among themselves a route for its host wins over one for any, and then
     * the longest path.
     *
     * @throws IllegalStateException when another plugin has the same route already
     */
    Registration route(String path, Handler handler);

    /** As {@link #route(String, Handler)}, for one host; {@code *.example.com} means all hosts below. */
    Registration route(String host, String path, Handler handler);

    /**
     * Answers CONNECT requests for a host, or with {@code *.example.com} for all hosts below; they have no path, and no other route is asked.
     *
     * <p>The handler accepts with {@link io.penstock.http.Exchange#acceptConnect}, and has the tunnel then; whatever else it answers is the
     * last answer on its connection. It is asked whatever the configuration allows.
     *
     * <p>{@snippet :
     * penstock.connect("redis.internal", exchange -> {
     *     Connection redis = penstock.connector().connect("127.0.0.1", 6379);
     *     Relay.between(exchange.acceptConnect(Headers.of()), redis).join();
     * });
     * }
     *
     * @throws IllegalStateException when another plugin answers for the same host already
     */
    Registration connect(String host, Handler handler);

    Loops loops();

    /** Dials connections with the default timeouts. */
    Connector connector();

    /**
     * The pool that all plugins share, with the default options: borrow a connection, and release it. It is closed after the last plugin
     * has stopped.
     *
     * <p>Connections are handed from one plugin to another where their {@link io.penstock.net.Endpoint} is equal; a plugin that logs in gives
     * its endpoint a tag. {@code /metrics} shows it as {@code penstock_pool_*{upstream="plugins"}}. A plugin that wants limits of its own
     * makes a pool of its own, and closes it: {@code Pool.of(penstock.connector(), options)}.
     */
    Pool pool();
}
