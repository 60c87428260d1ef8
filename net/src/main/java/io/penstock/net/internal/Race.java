package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Resolver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One dialling: finds the addresses of a host and races them, as RFC 8305 (Happy Eyeballs, version 2) has it.
 *
 * <p>All decisions are made on the thread that dials; the resolver and the attempts only report to it. Whatever way it ends, nothing is
 * left open but the winner.
 */
final class Race {
    /** How long IPv4 waits for IPv6 to be found (RFC 8305 §3). */
    private static final long RESOLUTION_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** What the dialling thread is told. */
    private sealed interface News {
        /** Addresses of the host; more may come. */
        record Found(List<InetAddress> addresses) implements News {}

        /** No more addresses will come. */
        record Resolved(@Nullable ConnectionException failure) implements News {}

        record Connected(Attempt attempt, StreamConnection connection) implements News {}

        record Failed(Attempt attempt, Throwable cause) implements News {}
    }

    private final NettyConnector connector;
    private final NettyLoop loop;
    private final SocketAddress target;
    private final @Nullable InetSocketAddress local;
    private final Limit limit;
    private final Mailbox<News> mailbox = new Mailbox<>();
    private final Candidates candidates;
    private final List<Attempt> running = new ArrayList<>();
    private final List<ConnectionException> failures = new ArrayList<>();
    private volatile boolean over;

    private boolean resolved = true;
    private @Nullable ConnectionException unresolved;

    /** When addresses may be tried that were found before those of the preferred family. */
    private long patienceEnds = Limit.NEVER;

    /** When the next attempt may join those that run. */
    private long nextAttempt = System.nanoTime();

    Race(NettyConnector connector, SocketAddress target, @Nullable InetSocketAddress local, Limit limit) {
        this.connector = connector;
        this.loop = connector.owner().here();
        this.target = target;
        this.local = local;
        this.limit = limit;
        StandardProtocolFamily first =
                host() == null ? null : connector.experience().family(host());
        this.candidates =
                new Candidates(first, address -> connector.experience().hasFailed(address, port()));
    }

    /** The name to be resolved; null when there is none. */
    private @Nullable String host() {
        return target instanceof InetSocketAddress named && named.isUnresolved() ? named.getHostString() : null;
    }

    private int port() {
        return ((InetSocketAddress) target).getPort();
    }

    StreamConnection run() throws ConnectionException {
        String host = host();
        Thread resolving = null;
        try {
            if (host == null) {
                start(target);
            } else {
                resolved = false;
                resolving = loop.spawn("resolve " + host, () -> resolve(connector.resolver(), host));
            }
            while (true) {
                startWhatIsDue();
                if (resolved && candidates.isEmpty() && running.isEmpty()) throw nobodyLeft();
                News news = mailbox.take(limit.orEarlier(nextTurn()), loop);
                if (news == null) {
                    if (limit.isOver()) throw timedOut();
                } else if (news instanceof News.Connected(Attempt winner, StreamConnection connection)) {
                    overtaken(winner);
                    if (host != null) connector.experience().won(host, (InetSocketAddress) winner.address());
                    return connection;
                } else {
                    learn(news);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, phase(), target);
        } finally {
            over = true;
            if (resolving != null) resolving.interrupt();
            running.forEach(Attempt::cancel);
            discard();
        }
    }

    /** Those that had a head start and have not answered are taken for broken. */
    private void overtaken(Attempt winner) {
        for (Attempt slower : running.subList(0, running.indexOf(winner))) doubt(slower);
        running.remove(winner);
    }

    private void doubt(Attempt attempt) {
        if (attempt.address() instanceof InetSocketAddress inet)
            connector.experience().failed(inet);
    }

    /** Says nothing about the peer. */
    private static boolean isOurOwn(ConnectionException failure) {
        return failure.reason() == Reason.ADDRESS || failure.reason() == Reason.FAILED;
    }

    private void startWhatIsDue() {
        if (candidates.isEmpty() || nextTurn() - System.nanoTime() > 0) return;
        start(new InetSocketAddress(candidates.next(), port()));
        nextAttempt = System.nanoTime() + connector.options().attemptDelay().toNanos();
    }

    /** When the next attempt is due; never while there is none to be made. */
    private long nextTurn() {
        if (candidates.isEmpty()) return Limit.NEVER;
        if (resolved || candidates.hasPreferred() || patienceEnds - nextAttempt < 0) return nextAttempt;
        return patienceEnds;
    }

    private void start(SocketAddress address) {
        var attempt = new Attempt(address);
        running.add(attempt);
        attempt.start(
                connector,
                loop,
                local,
                connection -> report(new News.Connected(attempt, connection)),
                failure -> report(new News.Failed(attempt, failure)));
    }

    private void learn(News news) {
        switch (news) {
            case News.Found(List<InetAddress> addresses) -> {
                if (patienceEnds == Limit.NEVER) patienceEnds = System.nanoTime() + RESOLUTION_DELAY_NANOS;
                candidates.add(addresses.stream().filter(this::isReachable).toList());
            }
            case News.Resolved(ConnectionException failure) -> {
                resolved = true;
                unresolved = failure;
            }
            case News.Failed(Attempt attempt, Throwable cause) -> {
                if (!running.remove(attempt)) return; // it has said so already
                ConnectionException failure = attempt.failure(cause, local);
                if (!isOurOwn(failure)) doubt(attempt);
                failures.add(failure);
                nextAttempt = System.nanoTime(); // no reason to wait any longer
            }
            case News.Connected _ -> throw new AssertionError("the end of the race is no news to learn from");
        }
    }

    /** From a given local address only its own family can be reached. */
    private boolean isReachable(InetAddress address) {
        return local == null
                || local.getAddress().isAnyLocalAddress()
                || Candidates.family(local.getAddress()) == Candidates.family(address);
    }

    /** On a thread of its own. */
    private void resolve(Resolver resolver, String host) {
        try {
            resolver.resolve(host, addresses -> report(new News.Found(addresses)));
            report(new News.Resolved(null));
        } catch (ConnectionException e) {
            report(new News.Resolved(e));
        } catch (RuntimeException | Error e) {
            report(new News.Resolved(
                    ConnectionException.of(Reason.FAILED, Phase.RESOLVE, target, "the resolver failed: " + e, e)));
            throw e;
        }
    }

    /** Any thread. */
    private void report(News news) {
        mailbox.post(news);
        if (over) discard();
    }

    /** Whoever has come too late. */
    private void discard() {
        for (News news = mailbox.poll(); news != null; news = mailbox.poll()) {
            if (news instanceof News.Connected(var _, StreamConnection connection)) connection.closeIdle();
        }
    }

    // ---- how it failed

    private Phase phase() {
        return running.isEmpty() && failures.isEmpty() ? Phase.RESOLVE : Phase.CONNECT;
    }

    private ConnectionException timedOut() {
        for (Attempt attempt : running) {
            doubt(attempt);
            failures.add(limit.passed(Phase.CONNECT, attempt.address(), "no answer"));
        }
        if (failures.isEmpty()) return limit.passed(Phase.RESOLVE, target, "the name was not resolved");
        return Failures.ofAll(failures, target, "addresses");
    }

    private ConnectionException nobodyLeft() {
        if (!failures.isEmpty()) return Failures.ofAll(failures, target, "addresses");
        if (unresolved != null) return unresolved;
        if (local == null) return ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, target);
        return ConnectionException.of(
                Reason.ADDRESS,
                Phase.BIND,
                target,
                "the name has no address of the family of the local address " + local,
                null);
    }
}
