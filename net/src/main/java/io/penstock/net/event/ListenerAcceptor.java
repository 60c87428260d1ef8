package io.penstock.net.event;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.internal.NettyListener;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An acceptor over a {@link Listener}. */
final class ListenerAcceptor implements Acceptor {
    private final SocketAddress address;
    private final Continuation continuation;
    private final Loop home;
    private final CompletableFuture<NettyListener> bound = new CompletableFuture<>();

    /** Those that the continuation is being told of, or waits to be; without locks, as loops come here too. */
    private final Map<Long, Once> coming = new ConcurrentSkipListMap<>();

    private final AtomicInteger waiting = new AtomicInteger();
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
                NettyListener listener = NettyListener.open(loops, address, options, this::accepted);
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

    void accepted(Connection connection) {
        connection.transfer(Scope.PROCESS); // it is the continuation's from now on
        var client = new Once(continuation, home, () -> {
            coming.remove(connection.id());
            waiting.decrementAndGet();
            bound.thenAccept(this::pace);
        });
        waiting.incrementAndGet();
        coming.put(connection.id(), client);
        bound.thenAccept(this::pace);
        if (cancelled.get()) client.cancel();
        client.come(new NetEvent.Accepted(connection));
    }

    /** Any thread; whoever is the last to say it has seen how many wait then. */
    private void pace(NettyListener listener) {
        boolean room;
        do {
            room = waiting.get() < MOST_WAITING;
            listener.accepting(room);
        } while (room != waiting.get() < MOST_WAITING);
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
        for (Once client : coming.values())
            none &= client.prevent(); // it may have seen that this is cancelled, just now
        return none;
    }
}
