package io.penstock.proxy;

import io.penstock.http.TakeOverEnd;
import io.penstock.net.Connection;
import io.penstock.net.Loop;
import io.penstock.net.TlsSession;
import io.penstock.net.event.Continuation;
import io.penstock.net.internal.GuardedConnection;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection and what its transactions have in common.
 *
 * <p>Owned by the proxy from {@link Hook#SESSION_START} to {@link Hook#SESSION_CLOSE}. Handlers run on the connection's virtual thread;
 * {@link #resume()} may be called from any. Answers to Traffic Server's {@code TSHttpSsn}.
 */
public final class Session {
    private final Proxy proxy;
    private final Connection connection;
    private final @Nullable ForwardProxy connects;
    private final Hooks hooks = new Hooks();
    private final Map<String, Object> data = new ConcurrentHashMap<>();
    private final SessionDispatch dispatch = new SessionDispatch();
    private long transactions;

    /** The transaction that is under way. */
    private volatile @Nullable Transaction current;

    private ForwardedHeads.@Nullable Client forwarded;

    Session(Proxy proxy, Connection connection, @Nullable ForwardProxy connects) {
        this.proxy = proxy;
        this.connection = connection;
        this.connects = connects;
    }

    /** The number of the client's connection. */
    public long id() {
        return connection.id();
    }

    public SocketAddress remoteAddress() {
        return connection.remoteAddress();
    }

    public SocketAddress localAddress() {
        return connection.localAddress();
    }

    /** How the client's connection is secured, with the certificate that the client has shown; empty for plain HTTP. */
    public Optional<TlsSession> tls() {
        return connection.tls();
    }

    /** How many transactions have begun on this connection. */
    public long transactions() {
        return transactions;
    }

    /** Values that plugins keep for the life of the session, by a key of their own. Any thread. */
    public Map<String, Object> data() {
        return data;
    }

    /** Registers a handler for the coming transactions of this session, or for its end. */
    public <T> Registration on(Hook<T> hook, HookHandler<T> handler) {
        return add(hook, new Hooks.Call.Blocking<>(handler));
    }

    /** As {@link #on(Hook, HookHandler)}, in event style. */
    public <T> Registration on(Hook<T> hook, Continuation continuation) {
        return add(hook, new Hooks.Call.Told<>(continuation));
    }

    private <T> Registration add(Hook<T> hook, Hooks.Call<T> call) {
        if (hook == Hook.SESSION_START)
            throw new IllegalStateException("the session has started: " + hook + " is over");
        String plugin = dispatch.calling();
        Transaction transaction = current;
        if (plugin == null && transaction != null) plugin = transaction.calling();
        return hooks.add(hook, plugin == null ? "of a session" : plugin, call);
    }

    /** Lets the session go on behind a continuation. Any thread, exactly once for each event. */
    public void resume() {
        dispatch.resume();
    }

    Hooks hooks() {
        return hooks;
    }

    /** What the client may reach by CONNECT; null for nothing. */
    @Nullable
    ForwardProxy connects() {
        return connects;
    }

    Connection connection() {
        return connection;
    }

    /** Whether a failure that names this address is one of the client's connection: of the client itself, or of a proxy before it. */
    boolean isPeer(@Nullable SocketAddress address) {
        return ((GuardedConnection) connection).unguarded().isPeer(address);
    }

    /** How this client is named to origins. */
    ForwardedHeads.Client forwarded() {
        ForwardedHeads.Client known = forwarded;
        if (known == null) {
            known = ForwardedHeads.Client.of(remoteAddress(), tls().isPresent());
            forwarded = known;
        }
        return known;
    }

    void begin(Transaction transaction) {
        current = transaction;
        transactions++;
    }

    /** Nothing, when the transaction had ended before its connection was taken over. */
    void takeOverEnded(TakeOverEnd end) {
        Transaction transaction = current;
        if (transaction != null) transaction.takeOverEnded(end);
    }

    /** A client may be idle for long, and in great number: nothing of its last transaction is kept for it. */
    void endTransaction() {
        current = null;
    }

    void at(Hook<Session> hook) throws PluginFailure, InterruptedException {
        dispatch.call(hook, () -> false);
    }

    void atAll(Hook<Session> hook) {
        dispatch.callAll(hook, this::log);
    }

    void log(PluginFailure failure) {
        proxy.failures().failed("session " + id(), failure);
    }

    private final class SessionDispatch extends Dispatch<Session> {
        @Override
        @Nullable
        Hooks scope(int index) {
            return switch (index) {
                case 0 -> proxy.hooks();
                case 1 -> hooks;
                default -> null;
            };
        }

        @Override
        Session subject() {
            return Session.this;
        }

        @Override
        Loop loop() {
            return connection.loop();
        }

        @Override
        HttpEvent event(Hook<Session> hook) {
            return new HttpEvent.SessionHook(hook, Session.this);
        }

        @Override
        Duration parkLimit() {
            return proxy.options().parkLimit();
        }

        @Override
        void log(PluginFailure failure) {
            Session.this.log(failure);
        }
    }
}
