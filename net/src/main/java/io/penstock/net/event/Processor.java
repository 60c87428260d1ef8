package io.penstock.net.event;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Has continuations told when a connection is there, a client, an address, or the time.
 *
 * <p>{@snippet :
 * Processor net = Processor.of(loops);
 * Action dialling = net.connect(Endpoint.of("redis.example", 6379), told);   // NetEvent.Connected or NetEvent.ConnectFailed
 * Action limit = net.after(Duration.ofMillis(50), told);                     // TimerEvent.Timeout
 * if (dialling.cancel()) limit.cancel();                                     // neither is told any more
 * }
 *
 * <p>For each call there is one event, or for some a row of them, and never inside the call. Each can be cancelled: after
 * {@link Action#cancel()} has answered true the continuation is not told, and the connection that it would have been told of is closed;
 * after false it has been told, is being told, or the call was cancelled before.
 *
 * <p>A continuation that no event has bound yet is bound here: to the loop of the processor, else to that of the caller, else to the next
 * in turn. Work and event are of that loop, and so is a connection that is dialled. What is to happen on each loop is asked for once for
 * each:
 *
 * <p>{@snippet :
 * for (Loop each : loops.all()) net.on(each).every(Duration.ofSeconds(1), Continuation.of(sweeper));
 * }
 *
 * <p>Answers to Traffic Server's {@code TSNetConnect}, {@code TSNetAccept}, {@code TSHostLookup} and {@code TSContSchedule...}. Behind each
 * call a virtual thread uses the blocking face, which those who have a thread to park use themselves. Immutable; any thread.
 */
public final class Processor {
    private final Connector connector;
    private final Resolver resolver;
    private final @Nullable Loop loop;

    private Processor(Connector connector, Resolver resolver, @Nullable Loop loop) {
        this.connector = connector;
        this.resolver = resolver;
        this.loop = loop;
    }

    /** A processor that dials and looks up with the defaults of these loops. */
    public static Processor of(Loops loops) {
        return of(Connector.of(loops), Resolver.of(loops));
    }

    /** A processor on the loops of a connector, that dials by it and looks up by a resolver. */
    public static Processor of(Connector connector, Resolver resolver) {
        return new Processor(connector, resolver, null);
    }

    /** The same for continuations that are to be told on this loop. */
    public Processor on(Loop home) {
        return new Processor(connector, resolver, home);
    }

    /**
     * Dials as {@link Connector#connect(Endpoint)} does, and tells {@link NetEvent.Connected} when everything is done that an endpoint
     * asks for, handshakes included, or {@link NetEvent.ConnectFailed}.
     *
     * <p>The connection is in no {@link io.penstock.net.Scope} that ends: whoever is told must end it.
     */
    public Action connect(Endpoint endpoint, Continuation told) {
        return work("connect " + endpoint.address(), told, () -> {
            try {
                return new NetEvent.Connected(connector.connect(endpoint));
            } catch (ConnectionException e) {
                return new NetEvent.ConnectFailed(e);
            } catch (RuntimeException | Error e) {
                return new NetEvent.ConnectFailed(ConnectionException.of(
                        Reason.FAILED, Phase.CONNECT, endpoint.address(), "it cannot be dialled: " + e, e));
            }
        });
    }

    /** As {@link #connect(Endpoint, Continuation)}, to an address. */
    public Action connect(SocketAddress address, Continuation told) {
        return connect(Endpoint.of(address), told);
    }

    /**
     * Listens as {@link io.penstock.net.Listener#open(Loops, SocketAddress, ListenerOptions, io.penstock.net.Listener.Handler)} does, and
     * tells {@link NetEvent.Accepted} of every client, with TLS behind its handshake; or once {@link NetEvent.AcceptFailed} when the address
     * cannot be bound.
     *
     * <p>The connections are spread over the loops; what goes on about one of them is best told to a continuation that is
     * {@linkplain Continuation#bind bound} to the loop of that one.
     */
    public Acceptor accept(SocketAddress address, ListenerOptions options, Continuation told) {
        var acceptor = new ListenerAcceptor(address, told, home(told));
        acceptor.open(connector.loops(), options);
        return acceptor;
    }

    /** Looks a host up, and tells {@link NetEvent.HostFound} or {@link NetEvent.HostLookupFailed}. */
    public Action lookup(String host, Continuation told) {
        return work("lookup " + host, told, () -> {
            try {
                return new NetEvent.HostFound(resolver.resolve(host));
            } catch (ConnectionException e) {
                return new NetEvent.HostLookupFailed(e);
            } catch (RuntimeException | Error e) {
                return new NetEvent.HostLookupFailed(ConnectionException.of(
                        Reason.FAILED, Phase.RESOLVE, null, host + " cannot be looked up: " + e, e));
            }
        });
    }

    /** Tells {@link TimerEvent.Immediate} as soon as it is the continuation's turn; of one thread's calls in their order. */
    public Action immediately(Continuation told) {
        var once = new Once(told, home(told));
        once.come(new TimerEvent.Immediate());
        return once;
    }

    /** Tells {@link TimerEvent.Timeout} when the delay has passed, not earlier; where it is not positive, as soon as possible. */
    public Action after(Duration delay, Continuation told) {
        Loop home = home(told);
        var once = new Once(told, home);
        Action timer =
                home.schedule(delay.isPositive() ? delay : Duration.ZERO, () -> once.come(new TimerEvent.Timeout()));
        return once.withdrawnBy(timer::cancel);
    }

    /**
     * Tells {@link TimerEvent.Timeout} again and again, with at least the period from one to the next. An event is never told while one is
     * being dealt with: a continuation that takes longer than the period is told less often.
     *
     * @return ends it: true when no event is told from now on, false when one is at this very moment, the last one, or it was cancelled before
     */
    public Action every(Duration period, Continuation told) {
        if (!period.isPositive()) throw new IllegalArgumentException("a period must be positive: " + period);
        return new Repeated(told, home(told), period);
    }

    private Action work(String name, Continuation told, Supplier<NetEvent> blocking) {
        Loop home = home(told);
        var once = new Once(told, home);
        Thread worker = home.spawn(name, () -> once.come(blocking.get()));
        return once.withdrawnBy(worker::interrupt);
    }

    private Loop home(Continuation told) {
        if (loop != null) return told.home(loop);
        Loops loops = connector.loops();
        Loop current = Loop.current();
        return told.home(current != null && loops.all().contains(current) ? current : loops.next());
    }
}
