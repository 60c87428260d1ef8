package io.penstock.proxy;

import io.penstock.net.Loop;
import io.penstock.proxy.Hooks.Call;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The hooks of a transaction: those of the server, of its session, and its own; and how far it has come on its way past them. */
final class TransactionDispatch extends Dispatch<Transaction> {
    private final Proxy proxy;
    private final Transaction transaction;
    private final BooleanSupplier isAnswered;
    private volatile @Nullable Thread thread = Thread.currentThread();
    private @Nullable Hooks own;
    private @Nullable Hook<Transaction> reached;

    TransactionDispatch(Proxy proxy, Transaction transaction) {
        this.proxy = proxy;
        this.transaction = transaction;
        this.isAnswered = transaction::isAnswered;
    }

    /** Calls the handlers at a hook; whether one of them has answered. */
    boolean at(Hook<Transaction> hook) throws PluginFailure, InterruptedException {
        reached = hook;
        return call(hook, isAnswered);
    }

    /** Calls the handlers at a hook where there is nothing to be answered any more. */
    void atAll(Hook<Transaction> hook) {
        thread = Thread.currentThread();
        reached = hook;
        callAll(hook, this::log);
    }

    /** The transaction is to end on another thread, if it is one; that of its beginning is not kept for as long as it lasts. */
    void leave() {
        thread = null;
    }

    /** The last hook that was reached; null before the first. */
    @Nullable
    Hook<Transaction> reached() {
        return reached;
    }

    Registration add(Hook<Transaction> hook, Call<Transaction> call) {
        requireBefore(hook, "handlers of " + hook);
        if (own == null) own = new Hooks();
        return own.add(hook, caller(), call);
    }

    void requireBefore(Hook<Transaction> hook, String what) {
        if (reached != null && reached.order() > hook.order()) {
            throw new IllegalStateException(
                    "too late for " + what + ": transaction " + transaction.id() + " is at " + reached);
        }
    }

    /** Only the transaction's own thread may do it, or somebody for whom it waits. */
    void requireTurn() {
        if (Thread.currentThread() != thread && !isParked()) {
            throw new IllegalStateException(
                    "transaction " + transaction.id() + " does not wait for an answer from " + Thread.currentThread());
        }
    }

    /** The plugin whose handler does this. */
    String caller() {
        String plugin = calling();
        return plugin == null ? "of a transaction" : plugin;
    }

    @Override
    @Nullable
    Hooks scope(int index) {
        return switch (index) {
            case 0 -> proxy.hooks();
            case 1 -> transaction.session().hooks();
            default -> own;
        };
    }

    @Override
    Transaction subject() {
        return transaction;
    }

    @Override
    Loop loop() {
        return transaction.exchange().connection().loop();
    }

    @Override
    HttpEvent event(Hook<Transaction> hook) {
        return new HttpEvent.TransactionHook(hook, transaction);
    }

    @Override
    Duration parkLimit() {
        return proxy.options().parkLimit();
    }

    @Override
    void log(PluginFailure failure) {
        transaction.log(failure);
    }
}
