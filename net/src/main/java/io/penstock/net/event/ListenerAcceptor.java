package io.penstock.net.event;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** An acceptor over a {@link Listener}. */
final class ListenerAcceptor implements Acceptor {
    private final SocketAddress address;
    private final Continuation continuation;
    private final Loop home;
    private final CompletableFuture<Listener> bound = new CompletableFuture<>();

    /** Those that the continuation is being told of, or waits to be; without locks, as loops come here too. */
    private final Map<Long, Once> coming = new ConcurrentSkipListMap<>();

    private final Once failure;
    private final AtomicBoolean cancelled = new AtomicBoolean();

    ListenerAcceptor(SocketAddress address, Continuation continuation, Loop home) {
        this.address = address;
        this.continuation = continuation;
        this.home = home;
        this.failure = new Once(continuation, home);
    }

    void open(Loops loops, ListenerOptions options) {
        home.spawn("bind " + address, () -> {
            try {
                Listener listener = Listener.open(loops, address, options, this::accepted);
                if (!bound.complete(listener)) listener.close();
            } catch (ConnectionException e) {
                failed(e);
            } catch (RuntimeException | Error e) {
                failed(ConnectionException.of(Reason.FAILED, Phase.BIND, address, "it cannot be bound: " + e, e));
            }
        });
    }

    private void failed(ConnectionException cause) {
        bound.completeExceptionally(cause);
        failure.come(new NetEvent.AcceptFailed(cause));
    }

    private void accepted(Connection connection) {
        connection.transfer(Scope.PROCESS); // it is the continuation's from now on
        var client = new Once(continuation, home, () -> coming.remove(connection.id()));
        coming.put(connection.id(), client);
        if (cancelled.get()) client.cancel();
        client.come(new NetEvent.Accepted(connection));
    }

    @Override
    public SocketAddress address() throws ConnectionException {
        try {
            return bound.join().address();
        } catch (CompletionException e) {
            throw (ConnectionException) e.getCause();
        }
    }

    @Override
    public boolean cancel() {
        if (!cancelled.compareAndSet(false, true)) return false;
        var unbound = ConnectionException.of(Reason.CLOSED, Phase.BIND, address, "it was cancelled before", null);
        bound.completeExceptionally(unbound);
        bound.thenAccept(listener -> home.spawn("close " + address, listener::close));
        boolean none = failure.cancel();
        for (Once client : coming.values()) none &= client.cancel();
        return none;
    }
}
