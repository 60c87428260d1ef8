package io.penstock.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The packets of an {@link Input}, received one after the other.
 *
 * <p>{@snippet :
 * Framed packets = connection.framed(Framing.lengthField(LengthType.UINT32).withBodyOffset(4));
 * for (byte[] packet = packets.receive(); packet != null; packet = packets.receive()) {
 *     answer(packet);
 * }
 * }
 *
 * <p>It keeps no bytes. What has come of a packet, and of those behind it, stays in front of the input until the packet is whole: it
 * counts as {@linkplain Input#buffered() buffered}, any other method may receive it, a packet that times out goes on where it stopped, and a
 * connection with a part of one is not {@linkplain Connection#release() kept} by its pool. So it needs no end, and several may be used on one
 * input in turn. However large the length is that a packet announces, memory grows with what comes.
 *
 * <p><b>Threads and failures</b> are those of {@link Input}. How it can end:
 *
 * <table class="plain">
 * <caption>Endings</caption>
 * <tr><th>what happened</th><th>result</th><th>and then</th></tr>
 * <tr><td>the stream ended behind a packet</td><td>null or false</td><td>the same again</td></tr>
 * <tr><td>the stream ended, or was lost, within one</td><td>{@code EOF}, {@code RESET} and the like; {@code partial()} has what had come</td>
 *     <td>no more will come</td></tr>
 * <tr><td>{@code TIMEOUT}</td><td>nothing was consumed</td><td>the next call goes on</td></tr>
 * <tr><td>what came is no packet, or too long</td><td>{@code FRAMING}; {@code partial()} has what had come of it and behind it</td>
 *     <td>whatever receives on this input gets {@code FRAMING}; close it, no pool keeps it</td></tr>
 * </table>
 */
public interface Framed {
    /**
     * Receives the next packet, and waits for it.
     *
     * @return the packet, which is the caller's; null at the end of the stream
     * @throws ConnectionException as the table says
     */
    byte @Nullable [] receive() throws ConnectionException;

    /**
     * Receives the next packet if all of it has come. Never waits.
     *
     * @return null when there is none: not yet, or not any more, which {@link #receive()} tells apart
     * @throws ConnectionException {@code FRAMING}, or {@code CLOSED} once this side has ended the input
     */
    byte @Nullable [] poll() throws ConnectionException;

    /**
     * Waits for the next packet, and has it handled without copying it; then the next ones, as far as they have come and the handler wants
     * them, and as long as nobody closes the input. For who has many small packets, or large ones.
     *
     * <p>{@snippet :
     * while (packets.receive(packet -> {
     *     counters[packet.get(4)]++;
     *     return true;
     * })) {}
     * }
     *
     * <p>The handler runs on the calling thread, within this call: others that receive meanwhile, it included, get
     * {@code BUSY_READING}. What it throws is thrown here; the packet is consumed all the same.
     *
     * @return false at the end of the stream; true when at least one packet was handled
     * @throws ConnectionException as the table says
     */
    <X extends Exception> boolean receive(Handler<X> handler) throws ConnectionException, X;

    /** What is done with a packet where it lies. */
    @FunctionalInterface
    interface Handler<X extends Exception> {
        /**
         * Handles one packet.
         *
         * @param packet read-only, from 0 to its limit; valid during the call only: what is to outlive it has to be copied
         * @return whether it may be followed by the next one at once; false leaves that to the next call
         */
        boolean handle(ByteBuffer packet) throws X;
    }
}
