package io.penstock.proxy;

/**
 * What a plugin does at a hook, in blocking style.
 *
 * <p>Called on the virtual thread of the client's connection, which waits: the handler may dial, query and sleep. It is shared by all
 * connections and must be safe for concurrent use. What it throws is answered 500 for that transaction only, and logged with the
 * plugin's name.
 *
 * @param <T> {@link Transaction} or {@link Session}
 */
@FunctionalInterface
public interface HookHandler<T> {
    void at(T subject) throws Exception;
}
