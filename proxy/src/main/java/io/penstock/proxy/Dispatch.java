package io.penstock.proxy;

import io.penstock.net.Loop;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.proxy.Hooks.Call;
import io.penstock.proxy.Hooks.Entry;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls the handlers of one subject at a hook: scope by scope, in order, until one has answered.
 *
 * @param <T> session or transaction
 */
abstract class Dispatch<T> {
    private final Parked parked = new Parked();

    /** Whose handler is being called; read by a continuation's thread as well. */
    private volatile @Nullable String calling;

    /** The scopes in their order; null where there is none. */
    abstract @Nullable Hooks scope(int index);

    abstract T subject();

    abstract Loop loop();

    abstract HttpEvent event(Hook<T> hook);

    /** How long a continuation may take. */
    abstract Duration parkLimit();

    /** Of a plugin that has failed behind its answer. Any thread. */
    abstract void log(PluginFailure failure);

    /** Calls everyone at the hook, and stops as soon as {@code answered} says so; what it says in the end. */
    final boolean call(Hook<T> hook, BooleanSupplier answered) throws PluginFailure, InterruptedException {
        for (int scope = 0; scope < 3; scope++) {
            Hooks hooks = scope(scope);
            if (hooks == null || hooks.isEmpty()) continue;
            for (int i = 0; i < hooks.at(hook).length; i++) {
                Entry entry = hooks.at(hook)[i];
                if (entry.closed) continue;
                call(hook, entry);
                if (answered.getAsBoolean()) return true;
            }
        }
        return false;
    }

    /** Calls everyone at a hook where there is nothing left to be answered: the failure of one does not keep the others from their turn. */
    final void callAll(Hook<T> hook, Consumer<PluginFailure> failed) {
        boolean interrupted = false;
        for (int scope = 0; scope < 3; scope++) {
            Hooks hooks = scope(scope);
            if (hooks == null || hooks.isEmpty()) continue;
            for (int i = 0; i < hooks.at(hook).length; i++) {
                Entry entry = hooks.at(hook)[i];
                if (entry.closed) continue;
                try {
                    call(hook, entry);
                } catch (PluginFailure e) {
                    failed.accept(e);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    @SuppressWarnings("unchecked") // registered together with a hook of this subject's type
    private void call(Hook<T> hook, Entry entry) throws PluginFailure, InterruptedException {
        calling = entry.plugin;
        switch ((Call<T>) entry.call) {
            case Call.Blocking<T>(HookHandler<T> handler) -> {
                try {
                    handler.at(subject());
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
                    throw new PluginFailure(entry.plugin, hook, e);
                }
            }
            case Call.Told<T>(Continuation continuation) -> {
                Parked.Wait wait = parked.prepare();
                continuation.tell(new Telling(hook, entry.plugin, wait), loop());
                if (!await(hook, entry.plugin, wait)) {
                    throw new PluginFailure(
                            entry.plugin,
                            hook,
                            "did not answer within " + parkLimit().toMillis() + " ms");
                }
            }
        }
        calling = null;
    }

    private boolean await(Hook<T> hook, String plugin, Parked.Wait wait) throws PluginFailure, InterruptedException {
        try {
            return parked.await(wait, parkLimit());
        } catch (ExecutionException e) {
            throw new PluginFailure(plugin, hook, Objects.requireNonNull(e.getCause()));
        }
    }

    /** A hook on its way to a continuation: what that one throws is the answer, if it has not given another one. */
    private final class Telling implements Continuation.Delivery {
        private final Hook<T> hook;
        private final String plugin;
        private final Parked.Wait wait;

        Telling(Hook<T> hook, String plugin, Parked.Wait wait) {
            this.hook = hook;
            this.plugin = plugin;
            this.wait = wait;
        }

        @Override
        public Event begin() {
            return event(hook);
        }

        @Override
        public void failed(Event event, Throwable cause) {
            if (!parked.fail(wait, cause)) log(new PluginFailure(plugin, hook, cause));
        }
    }

    /** The plugin whose handler is being called at the moment, or null. */
    final @Nullable String calling() {
        return calling;
    }

    /** Whether a continuation may answer now. */
    final boolean isParked() {
        return parked.isWaiting();
    }

    final void resume() {
        parked.resume();
    }
}
