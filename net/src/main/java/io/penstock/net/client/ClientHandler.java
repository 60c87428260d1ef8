package io.penstock.net.client;

import io.penstock.net.ConnectionException;
import io.penstock.net.Datagram;
import java.nio.ByteBuffer;

/**
 * What a {@link Client} tells. What has to be there has no default, so that the compiler refuses a handler without it.
 *
 * <p>All events of a client come one after another, on one virtual thread of its loop, and never inside a call that the handler, or anybody
 * else, has made to the client. A handler may block: it holds up its own client, and nobody else.
 *
 * <p>For each {@code connect} there is exactly one last event: {@link #onError} when it came to nothing, else, behind {@link #onConnect},
 * {@link #onClose}. From either of them the client may connect again; where other threads connect it too, the first one does, and the
 * others find it connecting: {@code IllegalStateException}.
 *
 * <p>What a handler throws ends the connection with a reset, and is the {@linkplain ClientEnd.Cause#HANDLER cause} that is told then; from
 * the last event it is logged.
 *
 * <p>Answers to the callbacks of {@code Swoole\Client::on}.
 */
public interface ClientHandler {
    /** The client is open: connected, through the proxy if there is one, and secured if it was to be. */
    default void onConnect(Client client) throws Exception {}

    /**
     * A packet has come.
     *
     * @param packet read-only, and valid during the call only: who wants to keep it copies it
     */
    void onReceive(Client client, ByteBuffer packet) throws Exception;

    /**
     * A datagram has come, to a client {@linkplain ClientOptions#datagrams() for datagrams}; says who has sent it. Unless overridden, it is a
     * packet like those of a stream.
     */
    default void onDatagram(Client client, Datagram datagram) throws Exception {
        onReceive(client, ByteBuffer.wrap(datagram.data()).asReadOnlyBuffer());
    }

    /**
     * A datagram was not sent, or, {@code REFUSED}, the peer's host says that nobody has received it. The client stays open. Of several such
     * failures at once one is told.
     */
    default void onDatagramFailed(Client client, ConnectionException failure) throws Exception {}

    /**
     * The peer has ended its stream: nothing more will be received. It may still want to receive.
     *
     * <p>Closes the client behind what was sent; who overrides this closes it when they like.
     */
    default void onEnd(Client client) throws Exception {
        client.closeAfterFlush();
    }

    /** At least {@link ClientOptions#highMark()} bytes wait to be sent, or a send was refused. The next event of the two is {@link #onBufferEmpty}. */
    default void onBufferFull(Client client) throws Exception {}

    /** No more than {@link ClientOptions#lowMark()} bytes wait to be sent any more, behind an {@link #onBufferFull}. */
    default void onBufferEmpty(Client client) throws Exception {}

    /** Nothing was received for {@link ClientOptions#idle()}; told again when nothing was for as long again. */
    default void onIdle(Client client) throws Exception {}

    /**
     * The client could not be opened, or was closed before it was: the last event.
     *
     * @param failure says in its {@code phase()} how far it came; {@code CLOSED} when the client was closed
     */
    void onError(Client client, ConnectionException failure);

    /** The client, which was open, has ended: the last event. */
    void onClose(Client client, ClientEnd end);
}
