package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.Spawned;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** A handler that writes down what it is told, fails when it is told two things at a time, and does what a test wants it to. */
class Recorder implements ClientHandler {
    /** What a test does in an event. */
    interface Then {
        void run(Client client) throws Exception;
    }

    final List<String> events = new CopyOnWriteArrayList<>();
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    final AtomicInteger last = new AtomicInteger();
    volatile ConnectionException failure;
    volatile ClientEnd end;
    private final AtomicInteger inside = new AtomicInteger();
    Then connected = client -> {};
    Then packet = client -> {};
    Then full = client -> {};
    Then empty = client -> {};
    Then idle = client -> {};
    Then over = client -> {};
    Then ended;

    private void tell(String event, Client client, Then then) throws Exception {
        assertThat(inside.incrementAndGet()).as("events at a time").isEqualTo(1);
        try {
            events.add(event);
            then.run(client);
        } finally {
            inside.decrementAndGet();
        }
    }

    @Override
    public void onConnect(Client client) throws Exception {
        tell("connect", client, connected);
    }

    @Override
    public void onReceive(Client client, ByteBuffer bytes) throws Exception {
        var copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        received.writeBytes(copy);
        tell("receive", client, packet);
    }

    @Override
    public void onEnd(Client client) throws Exception {
        tell("end", client, ended == null ? ClientHandler.super::onEnd : ended);
    }

    @Override
    public void onBufferFull(Client client) throws Exception {
        tell("full", client, full);
    }

    @Override
    public void onBufferEmpty(Client client) throws Exception {
        tell("empty", client, empty);
    }

    @Override
    public void onIdle(Client client) throws Exception {
        tell("idle", client, idle);
    }

    @Override
    public void onError(Client client, ConnectionException cause) {
        failure = cause;
        last(client, "error " + cause.reason());
    }

    @Override
    public void onClose(Client client, ClientEnd how) {
        end = how;
        last(client, "close " + how.cause());
    }

    private void last(Client client, String event) {
        try {
            tell(event, client, over);
        } catch (Exception e) {
            throw new AssertionError(e);
        } finally {
            last.incrementAndGet();
        }
    }

    String text() {
        return received.toString(StandardCharsets.UTF_8);
    }

    Recorder await(String what, BooleanSupplier condition) {
        Awaitility.await(what + ", after " + events)
                .atMost(Spawned.LIMIT)
                .pollInterval(java.time.Duration.ofMillis(1))
                .until(condition::getAsBoolean);
        return this;
    }

    Recorder awaitEvent(String event) {
        return await(event, () -> events.contains(event));
    }

    /** Waits for the last event. */
    Recorder awaitLast() {
        return await("the last event", () -> last.get() > 0);
    }
}
