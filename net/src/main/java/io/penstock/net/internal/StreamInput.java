package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The reading half of a stream in the hands of one user. */
final class StreamInput extends BufferedInput {
    private final StreamConnection connection;
    private final InputHalf half;

    private volatile boolean givenUp;

    /** How long the operation under way waits without progress. The reader's. */
    private Duration inactivity = Duration.ZERO;

    StreamInput(StreamConnection connection, InputHalf half) {
        this.connection = connection;
        this.half = half;
    }

    @Override
    public StreamConnection connection() {
        return connection;
    }

    @Override
    protected void begun() {
        inactivity = connection.limits().timeouts().read();
    }

    @Override
    protected @Nullable ByteBuf next() throws ConnectionException {
        return half.next(this);
    }

    /** When a wait that begins now is over. */
    long limit() {
        return connection.limits().from(inactivity);
    }

    @Override
    protected int waiting() {
        return half.waiting(connection);
    }

    @Override
    protected boolean isDropped() {
        return half.ending() == Reason.CLOSED;
    }

    @Override
    protected ConnectionException refusal() {
        if (!connection.isUser()) return connection.released(Phase.READ);
        if (isDropped()) return failure(Reason.CLOSED, null); // whoever is at it does no more than tidy up
        if (!connection.limits().isHandshake()) return super.refusal();
        return ConnectionException.of(Reason.BUSY_CONNECTING, Phase.READ, peer());
    }

    /** Its owner ends it: operations that are under way tell nothing any more. */
    void giveUp() {
        givenUp = true;
    }

    @Override
    boolean isGivenUp() {
        return givenUp;
    }

    @Override
    protected @Nullable SocketAddress peer() {
        return connection.stream().link().remoteAddress();
    }

    /** Why a wait was in vain, or nothing more will come. */
    ConnectionException failure(Reason reason, @Nullable Throwable cause) {
        return switch (reason) {
            case TIMEOUT -> {
                connection.soil();
                String inactive = "nothing was received within " + Durations.text(inactivity);
                yield ConnectionException.of(
                        reason, Phase.READ, peer(), connection.limits().text(inactive), null);
            }
            case RESET, FAILED, TLS_HANDSHAKE, MALFORMED ->
                ConnectionException.of(reason, Phase.READ, peer(), Failures.text(reason, cause), cause);
            default -> ConnectionException.of(reason, Phase.READ, peer());
        };
    }
}
