package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakenOver;
import io.penstock.net.Connection;
import io.penstock.net.Timeouts;
import io.penstock.net.internal.Durations;
import io.penstock.net.internal.StreamConnection;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HTTP for connections of any origin: what all clients of a server have in common. Any thread. */
public final class HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    /**
     * How long a draining server goes on listening to idle clients, where the grace allows it: the next request of one that has been busy
     * may be on its way, and gets an answer that ends the connection.
     */
    private static final Duration LAST_CALL = Duration.ofSeconds(1);

    private static final Duration AGAIN = Duration.ofMillis(100);

    private final HttpServerOptions options;
    private final HeadLimits limits;
    private final Timeouts idleTimeouts;
    private final Timeouts bodyTimeouts;
    private final Handler handler;
    private final Set<ServerConnection> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger aborted = new AtomicInteger();
    private volatile boolean draining;
    private volatile boolean closingIdle;

    public HttpService(HttpServerOptions options, Handler handler) {
        this.options = options;
        this.limits = new HeadLimits(options.requestLine(), options.headerSection(), options.headerCount());
        Timeouts write = Timeouts.DEFAULT.withWrite(options.writeTimeout());
        this.idleTimeouts = write.withRead(options.idleTimeout());
        this.bodyTimeouts = write.withRead(options.bodyTimeout());
        this.handler = handler;
        HttpDate.line(); // loads the formats of the JDK here, and not in the first answer on a loop
    }

    /** Serves one client to its end, on the calling virtual thread and, behind a take-over, on others; closes the connection. */
    public void serve(Connection accepted) throws Exception {
        serve(accepted, () -> {});
    }

    /** As {@link #serve(Connection)}; at the very end it is told, on the thread that has come to it. */
    void serve(Connection accepted, Runnable ended) throws Exception {
        accepted.timeouts(idleTimeouts);
        var connection = new ServerConnection(this, (StreamConnection) accepted, ended);
        open.add(connection);
        connection.serve();
    }

    void ended(ServerConnection connection) {
        open.remove(connection);
    }

    /** From now on each answer is the last one of its connection; whoever wants to know is told. */
    void drain() {
        draining = true;
        open.forEach(ServerConnection::serverStops);
    }

    /**
     * Ends without losing a request.
     *
     * @param gone whether all clients have gone within that time; nobody new comes from the first call on
     * @return whether all ended by themselves within the grace
     */
    boolean drain(Duration grace, Predicate<Duration> gone) {
        long end = System.nanoTime() + grace.toNanos();
        drain();
        Duration share = grace.dividedBy(5);
        if (gone.test(share.compareTo(LAST_CALL) < 0 ? share : LAST_CALL)) return true;
        // again and again: a client's thread may just have looked whether it is to end, and not wait yet
        long left = end - System.nanoTime();
        while (left > 0 && !Thread.currentThread().isInterrupted()) {
            closeIdle();
            if (gone.test(Duration.ofNanos(Math.min(left, AGAIN.toNanos())))) return true;
            left = end - System.nanoTime();
        }
        int rest = open.size();
        int taken = takenOver();
        abort();
        if (rest == 0) return false; // whoever is left has not come so far as to be served
        aborted.addAndGet(rest);
        LOG.info(
                "{} aborted, {} of them taken over: not ended {} after the server was asked to stop",
                rest == 1 ? "1 connection was" : rest + " connections were",
                taken,
                Durations.text(grace));
        return false;
    }

    /** How many connections were aborted at the end of a grace period. */
    int aborted() {
        return aborted.get();
    }

    /** Ends the connections that wait for a request, now and from now on. */
    void closeIdle() {
        closingIdle = true;
        open.forEach(ServerConnection::endIfIdle);
    }

    void abort() {
        open.forEach(ServerConnection::abort);
    }

    /** The number of connections in an exchange, or reading its head. */
    int busy() {
        int busy = 0;
        for (ServerConnection connection : open) {
            if (!connection.isIdle()) busy++;
        }
        return busy;
    }

    /** The number of connections that somebody has taken over. */
    int takenOver() {
        int taken = 0;
        for (ServerConnection connection : open) {
            if (connection.isTakenOver()) taken++;
        }
        return taken;
    }

    /** Those connections, the longest first. */
    List<TakenOver> takeOvers() {
        return open.stream()
                .map(ServerConnection::taker)
                .filter(Objects::nonNull)
                .sorted(Comparator.comparing(TakenOver::since))
                .toList();
    }

    boolean isDraining() {
        return draining;
    }

    boolean isClosingIdle() {
        return closingIdle;
    }

    HttpServerOptions options() {
        return options;
    }

    HeadLimits limits() {
        return limits;
    }

    /** The timeouts of a connection between requests, and of one without a body. */
    Timeouts idleTimeouts() {
        return idleTimeouts;
    }

    /** The timeouts of a connection with the body of a request to come. */
    Timeouts bodyTimeouts() {
        return bodyTimeouts;
    }

    Handler handler() {
        return handler;
    }
}
