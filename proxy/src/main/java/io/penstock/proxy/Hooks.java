package io.penstock.proxy;

import io.penstock.net.event.Continuation;
import java.util.Arrays;

/**
 * The handlers of one scope, by hook, each list in the order of registration.
 *
 * <p>Lists only grow, so that a dispatch which is under way keeps its place and calls what is added behind it; a closed registration
 * leaves an empty place.
 */
final class Hooks {
    private static final Entry[] NONE = {};

    /** A handler, and the plugin it belongs to. */
    static final class Entry implements Registration {
        final String plugin;
        final Call<?> call;
        volatile boolean closed;

        Entry(String plugin, Call<?> call) {
            this.plugin = plugin;
            this.call = call;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** The two styles of a handler. */
    sealed interface Call<T> {
        /** Returns when it is done. */
        record Blocking<T>(HookHandler<T> handler) implements Call<T> {}

        /** Is told, and answers when it likes. */
        record Told<T>(Continuation continuation) implements Call<T> {}
    }

    private volatile Entry[][] byHook = {};

    <T> Registration add(Hook<T> hook, String plugin, Call<T> call) {
        var entry = new Entry(plugin, call);
        synchronized (this) {
            Entry[][] lists = byHook.length == 0 ? new Entry[Hook.COUNT][] : byHook.clone();
            Entry[] before = lists[hook.order()];
            Entry[] list = before == null ? new Entry[1] : Arrays.copyOf(before, before.length + 1);
            list[list.length - 1] = entry;
            lists[hook.order()] = list;
            byHook = lists;
        }
        return entry;
    }

    boolean isEmpty() {
        return byHook.length == 0;
    }

    Entry[] at(Hook<?> hook) {
        Entry[][] lists = byHook;
        if (lists.length == 0) return NONE;
        Entry[] list = lists[hook.order()];
        return list == null ? NONE : list;
    }
}
