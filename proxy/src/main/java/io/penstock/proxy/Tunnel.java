package io.penstock.proxy;

import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.net.RelayOptions;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction becomes behind a {@code 101 Switching Protocols}, or a 2xx to CONNECT: bytes, both ways, between the client and the
 * origin.
 *
 * <p>Plugins are shown it at {@link Hook#TUNNEL_START}, before any byte has gone, and at {@link Hook#TUNNEL_END}, when all have. What the
 * client has sent without waiting, and what the origin has sent behind its head, goes first. Each direction ends for itself; the limits are
 * {@link ProxyOptions#tunnels()}.
 *
 * <p>{@snippet :
 * penstock.on(Hook.TUNNEL_START, transaction -> {
 *     transaction.tunnel().tap(bytes -> System.out.println(bytes.remaining() + " bytes"), null);
 * });
 * }
 */
public final class Tunnel {
    /** The protocol of a tunnel that CONNECT has opened, of which nothing is known. */
    static final String CONNECT = "connect";

    /** That of a connection that a handler took over without a word. */
    static final String RAW = "raw";

    private final Transaction transaction;
    private final String protocol;
    private RelayOptions options;
    private volatile @Nullable Relay relay;
    private @Nullable RelayEnd end;
    private volatile @Nullable PluginFailure failure;

    private Tunnel(Transaction transaction, String protocol, RelayOptions options) {
        this.transaction = transaction;
        this.protocol = protocol;
        this.options = options;
    }

    /** Opens the tunnel, which needs no thread as long as it lasts. */
    static void open(Transaction transaction, Answer.Tunnelled answer, RelayOptions options)
            throws PluginFailure, ConnectionException, InterruptedException {
        var tunnel = new Tunnel(transaction, answer.protocol(), options);
        Connection origin = answer.far().takeOver();
        try {
            Connection client = transaction.exchange().takeOver(answer.head(), UnreadBody.FAIL);
            transaction.takenOver(tunnel);
            transaction.at(Hook.TUNNEL_START);
            tunnel.relay = Relay.between(client, origin, tunnel.options);
        } finally {
            if (tunnel.relay == null) origin.abort(); // as the exchange does with the client's, by the failure
        }
    }

    /** The client's connection has ended: waits until the tunnel has too, and what the origin has been sent has come there. */
    void ended() {
        Relay running = relay;
        if (running == null) return; // a plugin has failed before it began
        RelayEnd told = running.join();
        end = told;
        transaction.ended(told, failure);
    }

    /** What is spoken: the protocol that the origin has named in its 101, or {@code connect}. */
    public String protocol() {
        return protocol;
    }

    /** The bytes that have gone from the client to the origin so far. */
    public long received() {
        Relay running = relay;
        return running == null ? 0 : running.there();
    }

    /** The bytes that have gone from the origin to the client so far. */
    public long sent() {
        Relay running = relay;
        return running == null ? 0 : running.back();
    }

    /**
     * Has the bytes shown before they go on, at {@link Hook#TUNNEL_START}; read-only, and valid inside the call only. Several plugins may do
     * so.
     *
     * <p>It runs on the loop that reads them, and holds up all of that loop's connections: it may count and copy, but not wait. When it
     * throws, the tunnel is aborted.
     *
     * @param fromClient sees what goes to the origin; null for nobody
     * @param fromOrigin sees what goes to the client; null for nobody
     * @throws IllegalStateException at any other time
     */
    public void tap(@Nullable Consumer<ByteBuffer> fromClient, @Nullable Consumer<ByteBuffer> fromOrigin) {
        if (relay != null) throw new IllegalStateException("bytes go already: a tunnel is tapped at TUNNEL_START");
        options = options.withTaps(both(options.there(), fromClient), both(options.back(), fromOrigin));
    }

    private @Nullable Consumer<ByteBuffer> both(
            @Nullable Consumer<ByteBuffer> before, @Nullable Consumer<ByteBuffer> added) {
        if (added == null) return before;
        String plugin = transaction.caller();
        Consumer<ByteBuffer> guarded = bytes -> {
            try {
                added.accept(bytes);
            } catch (Throwable e) {
                failure = new PluginFailure(plugin, "its tap", e);
                throw e;
            }
        };
        if (before == null) return guarded;
        return bytes -> {
            before.accept(bytes.duplicate());
            guarded.accept(bytes);
        };
    }

    /** Ends it at once: both peers see a reset. Any thread. */
    public void abort() {
        Relay running = relay;
        if (running == null) throw new IllegalStateException("the tunnel has not begun to pass bytes on");
        running.abort();
    }

    /** How it has ended, at {@link Hook#TUNNEL_END} and behind it; null before. */
    public @Nullable RelayEnd end() {
        return end;
    }
}
