package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The TLS handshake, as straight-line code on the thread of whoever asks for it: receive, compute, send, until both sides are content.
 *
 * <p>The computing is done by threads that do nothing else: it takes milliseconds, and an engine's locks are then never waited for by a
 * thread that a loop carries (see {@link SpinLock}).
 */
final class TlsHandshake {
    private final StreamConnection connection;
    private final boolean server;

    /** As failures name it: with the name that its certificate must be for. */
    private final SocketAddress peer;

    private final long limit;
    private final long began = System.currentTimeMillis();
    private final long startNanos = System.nanoTime();

    /** It has failed, the peer is being told, and the connection ends by itself. */
    private boolean alerted;

    private TlsHandshake(StreamConnection connection, boolean server, SocketAddress peer, long limit) {
        this.server = server;
        this.connection = connection;
        this.peer = peer;
        this.limit = limit;
    }

    /**
     * Secures the connection in the role of the client.
     *
     * @param limit when to give up, a {@link System#nanoTime()} or {@link Limit#NEVER}; the connection's deadline holds too
     */
    static void client(StreamConnection connection, TlsClient options, String host, long limit)
            throws ConnectionException {
        String name = options.serverName() == null ? host : options.serverName();
        int port = connection.remoteAddress() instanceof InetSocketAddress inet ? inet.getPort() : 0;
        new TlsHandshake(connection, false, named(connection.remoteAddress(), name), limit)
                .secure(() -> TlsContexts.client(options, name, port));
    }

    /** Secures the connection in the role of the server; for the rest see {@link #client}. */
    static void server(StreamConnection connection, TlsServer options, long limit) throws ConnectionException {
        new TlsHandshake(connection, true, connection.remoteAddress(), limit).secure(() -> TlsContexts.server(options));
    }

    private static SocketAddress named(SocketAddress peer, String name) {
        if (!(peer instanceof InetSocketAddress inet) || inet.isUnresolved()) return peer;
        if (name.equals(inet.getAddress().getHostAddress())) return peer;
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(name, inet.getAddress().getAddress()), inet.getPort());
        } catch (UnknownHostException e) {
            return peer;
        }
    }

    private void secure(Callable<SSLEngine> engines) throws ConnectionException {
        connection.stream().requireBlockable();
        StreamInput input = connection.streamInput();
        StreamOutput output = connection.streamOutput();
        input.begin();
        try {
            output.claim();
            try {
                connection.limits().beginHandshake(limit);
                try {
                    shakeHands(engines, input, output);
                } finally {
                    connection.limits().endHandshake();
                }
            } finally {
                output.unclaim();
            }
        } finally {
            input.end();
        }
    }

    private void shakeHands(Callable<SSLEngine> engines, StreamInput input, StreamOutput output)
            throws ConnectionException {
        TlsRecords records = records(engines);
        boolean secured = false;
        try {
            output.flush();
            long received = connection.stream().input().received() - input.buffered();
            long sent = connection.stream().output().sent();
            TlsRecords.Step step = compute(records::shake);
            while (!reply(step, output)) {
                receive(records, input);
                if (server) requireTls(records, input, output);
                step = compute(records::shake);
            }
            output.flush();
            install(records, received, sent);
            secured = true;
        } catch (ConnectionException e) {
            throw alerted ? e : broken(e);
        } finally {
            if (!secured) {
                if (!alerted) connection.abort();
                records.release();
            }
        }
    }

    private void receive(TlsRecords records, StreamInput input) throws ConnectionException {
        ByteBuf more = input.takeClaimed(Integer.MAX_VALUE);
        if (more == null) throw failure(Reason.EOF, "the peer ended the stream within the TLS handshake", null);
        records.keep(more);
    }

    private void requireTls(TlsRecords records, StreamInput input, StreamOutput output) throws ConnectionException {
        while (PlainHttp.mayBecomeRequest(records.rest())) receive(records, input);
        if (!PlainHttp.isRequest(records.rest())) return;
        output.send(PlainHttp.ANSWER);
        connection.stream().closeBehindOutput();
        alerted = true;
        throw failure(Reason.TLS_HANDSHAKE, "the client speaks HTTP without TLS, and was told so", null);
    }

    /** Impossible options leave the connection as it was; anything else ends it. */
    private TlsRecords records(Callable<SSLEngine> engines) throws ConnectionException {
        try {
            return compute(() -> new TlsRecords(engines.call()));
        } catch (ConnectionException e) {
            connection.abort();
            throw e;
        }
    }

    /** Sends what there is to be sent; whether it is the last. A failure is told to the peer, and the connection ends behind it. */
    private boolean reply(TlsRecords.Step step, StreamOutput output) throws ConnectionException {
        output.send(step.reply());
        SSLException failure = step.failure();
        if (failure == null) return step.done();
        connection.stream().closeBehindOutput();
        alerted = true;
        throw TlsFailures.of(failure, peer);
    }

    /** Has it computed elsewhere. What has begun ends soon, and is waited for; the next wait sees the interruption, or the limit. */
    private <T> T compute(Callable<T> work) throws ConnectionException {
        var task = new FutureTask<>(work);
        var computers = connection.stream().loop().owner().computers();
        try {
            computers.execute(task);
            try {
                long limit = connection.limits().handshake();
                if (limit == Limit.NEVER) return task.get();
                return task.get(limit - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (computers.remove(task)) throw failure(Reason.TIMEOUT, late(), null);
                return outcome(task);
            } catch (InterruptedException e) {
                try {
                    if (computers.remove(task))
                        throw failure(Reason.INTERRUPTED, "the waiting thread was interrupted", e);
                    return outcome(task);
                } finally {
                    Thread.currentThread().interrupt();
                }
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                case null, default -> throw failure(Reason.FAILED, "the TLS engine cannot be made: " + e.getCause(), e);
            }
        } catch (RejectedExecutionException | CancellationException e) {
            throw failure(Reason.FAILED, "nobody is free to compute the TLS handshake", e);
        }
    }

    private static <T> T outcome(Future<T> begun) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return begun.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** Puts the engine between the link and the halves, at a moment at which nothing is being delivered. */
    private void install(TlsRecords records, long received, long sent) {
        var session = TlsContexts.session(records.engine(), began);
        Duplex stream = connection.stream();
        Link lower = stream.link();
        var link = new TlsLink(stream, lower, records);
        var installed = new CompletableFuture<Void>();
        lower.betweenDeliveries(() -> {
            try {
                lower.feed(link);
                connection.secured(link, session);
                ByteBuf rest = records.takeRest();
                stream.output().countFrom(sent);
                stream.input().passOn(link, rest, received);
                link.begin();
                installed.complete(null);
            } catch (Throwable e) {
                installed.completeExceptionally(e);
            }
        });
        installed.join();
    }

    private String late() {
        long millis = Duration.ofNanos(System.nanoTime() - startNanos).toMillis();
        return "the TLS handshake was not complete within " + millis + " ms";
    }

    private ConnectionException failure(Reason reason, String text, @Nullable Throwable cause) {
        return ConnectionException.of(reason, Phase.TLS, peer, text, cause);
    }

    /** What ended the connection, as the handshake's failure. */
    private ConnectionException broken(ConnectionException failure) {
        if (failure.phase() == Phase.TLS) return failure;
        String text =
                failure.reason() == Reason.TIMEOUT ? late() : "the TLS handshake came to nothing: " + failure.text();
        return failure(failure.reason(), text, failure);
    }
}
