package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The TLS handshake, as straight-line code on the thread of whoever asks for it: receive, compute, send, until both sides are content.
 *
 * <p>The computing is done by the workers: it takes milliseconds, and an engine's locks are then never waited for by a thread that a loop
 * carries (see {@link SpinLock}).
 */
final class TlsHandshake {
    private final StreamConnection connection;
    private final long limit;
    private final long began = System.currentTimeMillis();
    private final long startNanos = System.nanoTime();

    /** It has failed, the peer is being told, and the connection ends by itself. */
    private boolean alerted;

    private TlsHandshake(StreamConnection connection, long limit) {
        this.connection = connection;
        this.limit = limit;
    }

    /**
     * Secures the connection in the role of the client.
     *
     * @param limit when to give up, a {@link System#nanoTime()} or {@link Parking#NO_LIMIT}; the connection's deadline holds too
     */
    static void client(StreamConnection connection, TlsClient options, String host, long limit)
            throws ConnectionException {
        String name = options.serverName() == null ? host : options.serverName();
        int port = connection.remoteAddress() instanceof InetSocketAddress inet ? inet.getPort() : 0;
        new TlsHandshake(connection, limit).secure(() -> TlsContexts.client(options, name, port));
    }

    /** Secures the connection in the role of the server; for the rest see {@link #client}. */
    static void server(StreamConnection connection, TlsServer options, long limit) throws ConnectionException {
        new TlsHandshake(connection, limit).secure(() -> TlsContexts.server(options));
    }

    private void secure(Callable<SSLEngine> engines) throws ConnectionException {
        connection.requireBlockable();
        InputHalf input = connection.inputHalf();
        OutputHalf output = connection.outputHalf();
        input.begin();
        try {
            output.claim();
            try {
                connection.startSecuring(limit);
                try {
                    shakeHands(engines, input, output);
                } finally {
                    connection.endSecuring();
                }
            } finally {
                output.unclaim();
            }
        } finally {
            input.end();
        }
    }

    private void shakeHands(Callable<SSLEngine> engines, InputHalf input, OutputHalf output)
            throws ConnectionException {
        TlsRecords records = compute(() -> new TlsRecords(engines.call()));
        boolean secured = false;
        try {
            output.flush();
            long received = input.received() - input.buffered();
            long sent = output.sent();
            TlsRecords.Step step = compute(() -> records.shake(null));
            while (!reply(step, output)) {
                ByteBuf more = input.takeClaimed();
                if (more == null) throw failure(Reason.EOF, "the peer ended the stream within the TLS handshake", null);
                step = compute(() -> records.shake(more));
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

    /** Sends what there is to be sent; whether it is the last. A failure is told to the peer, and the connection ends behind it. */
    private boolean reply(TlsRecords.Step step, OutputHalf output) throws ConnectionException {
        output.send(step.reply());
        SSLException failure = step.failure();
        if (failure == null) return step.done();
        connection.closeBehindOutput();
        alerted = true;
        throw TlsFailures.of(failure, connection.remoteAddress());
    }

    /** Has a worker do it. Not to be interrupted, since it ends soon; the next wait sees the interruption. */
    private <T> T compute(Callable<T> work) throws ConnectionException {
        boolean interrupted = false;
        try {
            Future<T> result = connection.nettyLoop().owner().workers().submit(work);
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                case null, default -> throw failure(Reason.FAILED, "the TLS engine cannot be made: " + e.getCause(), e);
            }
        } catch (RejectedExecutionException | CancellationException e) {
            throw failure(Reason.FAILED, "no worker can be had for the TLS handshake", e);
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }

    /** Puts the engine between the link and the halves, at a moment at which nothing is being delivered. */
    private void install(TlsRecords records, long received, long sent) {
        var session = TlsContexts.session(records.engine(), began);
        Link lower = connection.link();
        var link = new TlsLink(connection, lower, records);
        var installed = new CompletableFuture<Void>();
        lower.betweenDeliveries(() -> {
            try {
                lower.feed(link);
                connection.secured(link, session);
                ByteBuf rest = records.takeRest();
                connection.outputHalf().countFrom(sent);
                connection.inputHalf().passOn(link, rest, received);
                link.begin();
                installed.complete(null);
            } catch (Throwable e) {
                installed.completeExceptionally(e);
            }
        });
        installed.join();
    }

    private ConnectionException failure(Reason reason, String text, @Nullable Throwable cause) {
        return ConnectionException.of(reason, Phase.TLS, connection.remoteAddress(), text, cause);
    }

    /** What ended the connection, as the handshake's failure. */
    private ConnectionException broken(ConnectionException failure) {
        if (failure.phase() == Phase.TLS) return failure;
        long millis = Duration.ofNanos(System.nanoTime() - startNanos).toMillis();
        String text = failure.reason() == Reason.TIMEOUT
                ? "the TLS handshake was not complete within " + millis + " ms"
                : "the TLS handshake came to nothing: " + failure.getMessage();
        return failure(failure.reason(), text, failure);
    }
}
