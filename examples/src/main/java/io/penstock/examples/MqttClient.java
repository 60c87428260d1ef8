package io.penstock.examples;

import io.penstock.net.ConnectionException;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientHandler;
import io.penstock.net.client.ClientOptions;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client of MQTT 3.1.1 that subscribes and publishes, with QoS 0 and 1, and notices a broker that has fallen silent. Used once.
 *
 * <p>Shows: packets cut by {@code Framing.mqtt()}, requests and answers matched by their numbers, the idle event, an end in order.
 *
 * <p>Any thread may use it. What waits for a broker is a future; whoever may wait joins it, but for the subscriber itself, who has to
 * return before the next packet is looked at.
 *
 * <pre>
 * mosquitto -p 1883 &amp;
 * java @examples/java.args examples/src/main/java/io/penstock/examples/MqttClient.java 127.0.0.1 1883 chat
 * </pre>
 */
public final class MqttClient implements AutoCloseable {
    /** What is done with the messages of topics that were subscribed to. */
    @FunctionalInterface
    public interface Subscriber {
        void received(String topic, byte[] message) throws Exception;
    }

    private static final int CONNECT = 0x10;
    private static final int CONNACK = 0x20;
    private static final int PUBLISH = 0x30;
    private static final int PUBACK = 0x40;
    private static final int SUBSCRIBE = 0x82;
    private static final int SUBACK = 0x90;
    private static final int PINGREQ = 0xc0;
    private static final int PINGRESP = 0xd0;
    private static final int DISCONNECT = 0xe0;
    private static final int AT_LEAST_ONCE = 0x02;
    private static final int LAST_ID = 0xffff;

    private final String name;
    private final Duration keepAlive;
    private final Subscriber subscriber;
    private final Client client;

    /** Who waits for the answer to which packet; 0 is the one that connects. */
    private final Map<Integer, CompletableFuture<Void>> waiting = new ConcurrentHashMap<>();

    private final AtomicInteger lastId = new AtomicInteger();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /**
     * @param name the client identifier: of two clients with the same one, a broker ends the first
     * @param keepAlive the longest silence of either side, in whole seconds: the broker is asked for a sign of life twice as often
     */
    public MqttClient(Loops loops, String name, Duration keepAlive, Subscriber subscriber) {
        this.name = name;
        this.keepAlive = keepAlive;
        this.subscriber = subscriber;
        var options = ClientOptions.DEFAULT.withFraming(Framing.mqtt()).withIdle(keepAlive);
        this.client = Client.of(loops, options, new Packets());
    }

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: MqttClient HOST PORT TOPIC, and messages as its input, one a line");
            System.exit(2);
        }
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (var loops = Loops.open();
                var mqtt = new MqttClient(
                        loops,
                        "penstock-" + ProcessHandle.current().pid(),
                        Duration.ofSeconds(60),
                        (_, message) -> System.out.println(new String(message, StandardCharsets.UTF_8)))) {
            mqtt.connect(Endpoint.of(arguments[0], Integer.parseInt(arguments[1])))
                    .join();
            mqtt.subscribe(arguments[2]).join();
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                mqtt.publishAcknowledged(arguments[2], line.getBytes(StandardCharsets.UTF_8))
                        .join();
            }
        }
    }

    /** Done when the broker has accepted this client. */
    public CompletableFuture<Void> connect(Endpoint broker) {
        var accepted = new CompletableFuture<Void>();
        waiting.put(0, accepted);
        client.connect(broker);
        return accepted;
    }

    /** Done when the broker will send what is published to these topics, each message at least once. */
    public CompletableFuture<Void> subscribe(String filter) {
        int id = nextId();
        return ask(id, packet(SUBSCRIBE, number(id), text(filter), new byte[] {1}));
    }

    /** Publishes with QoS 0: nobody tells whether it arrives. */
    public void publish(String topic, byte[] message) {
        if (!client.send(packet(PUBLISH, text(topic), message))) throw tooFast();
    }

    /** Publishes with QoS 1; done when the broker has the message. */
    public CompletableFuture<Void> publishAcknowledged(String topic, byte[] message) {
        int id = nextId();
        return ask(id, packet(PUBLISH | AT_LEAST_ONCE, text(topic), number(id), message));
    }

    /** Takes leave of the broker behind what was published, and waits until the connection has ended. */
    @Override
    public void close() {
        sendIfOpen(packet(DISCONNECT));
        client.closeAfterFlush();
        ended.join();
    }

    private int nextId() {
        return lastId.updateAndGet(id -> id % LAST_ID + 1);
    }

    private CompletableFuture<Void> ask(int id, byte[] packet) {
        var answer = new CompletableFuture<Void>();
        if (waiting.putIfAbsent(id, answer) != null) throw tooFast(); // 65,535 wait already
        boolean accepted = false;
        try {
            accepted = client.send(packet);
        } finally {
            if (!accepted) waiting.remove(id);
        }
        if (!accepted) throw tooFast();
        return answer;
    }

    private boolean sendIfOpen(byte[] packet) {
        try {
            return client.send(packet);
        } catch (IllegalStateException _) {
            return false; // it has ended, or is about to
        }
    }

    private static RejectedExecutionException tooFast() {
        return new RejectedExecutionException("the broker takes less than is published");
    }

    /** What the broker sends; all of it is told on one thread. */
    private final class Packets implements ClientHandler {
        @Override
        public void onConnect(Client client) {
            byte[] versionAndCleanSession = {4, 2};
            client.send(packet(
                    CONNECT, text("MQTT"), versionAndCleanSession, number((int) keepAlive.toSeconds()), text(name)));
        }

        @Override
        public void onReceive(Client client, ByteBuffer packet) throws Exception {
            int kind = Byte.toUnsignedInt(packet.get());
            while (packet.get() < 0) {} // the length, which the framing has read
            switch (kind & 0xf0) {
                case CONNACK -> {
                    int code = packet.getShort() & 0xff;
                    if (code != 0) throw new IOException("the broker refuses this client: code " + code);
                    answered(0);
                    ping();
                }
                case PUBLISH -> received(kind, packet);
                case PUBACK -> answered(Short.toUnsignedInt(packet.getShort()));
                case SUBACK -> {
                    int id = Short.toUnsignedInt(packet.getShort());
                    if (packet.get() >= 0) answered(id);
                    else failed(id, new IOException("the broker refuses the subscription"));
                }
                case PINGRESP -> {} // not silent: that is all there is to know
                default -> throw new IOException("the broker has sent what no client gets: packet " + (kind >> 4));
            }
        }

        private void received(int kind, ByteBuffer packet) throws Exception {
            String topic = new String(next(packet, packet.getShort()), StandardCharsets.UTF_8);
            boolean acknowledge = (kind & AT_LEAST_ONCE) != 0;
            byte[] id = next(packet, acknowledge ? 2 : 0);
            subscriber.received(topic, next(packet, packet.remaining()));
            if (acknowledge) sendIfOpen(packet(PUBACK, id));
        }

        /** Asks for a sign of life, and so gives one, until the client has ended. */
        private void ping() {
            sendIfOpen(packet(PINGREQ));
            if (!client.isOpen()) return;
            Objects.requireNonNull(Loop.current()).schedule(keepAlive.dividedBy(2), this::ping);
        }

        @Override
        public void onIdle(Client client) throws IOException {
            throw new IOException("the broker has been silent for " + keepAlive.toSeconds() + " s");
        }

        @Override
        public void onError(Client client, ConnectionException failure) {
            end(failure);
        }

        @Override
        public void onClose(Client client, ClientEnd end) {
            end(new IOException("the connection to the broker has ended: " + end.cause(), end.failure()));
        }
    }

    private void answered(int id) {
        var answer = waiting.remove(id);
        if (answer != null) answer.complete(null);
    }

    private void failed(int id, Exception why) {
        var answer = waiting.remove(id);
        if (answer != null) answer.completeExceptionally(why);
    }

    private void end(Exception why) {
        for (int id : waiting.keySet()) failed(id, why);
        ended.complete(null);
    }

    // ---- packets: MQTT 3.1.1, section 2

    private static byte[] packet(int kind, byte[]... parts) {
        var rest = new ByteArrayOutputStream();
        for (byte[] part : parts) rest.writeBytes(part);
        var packet = new ByteArrayOutputStream();
        packet.write(kind);
        int left = rest.size();
        for (; left > 0x7f; left >>>= 7) packet.write(left & 0x7f | 0x80);
        packet.write(left);
        packet.writeBytes(rest.toByteArray());
        return packet.toByteArray();
    }

    private static byte[] number(int value) {
        return new byte[] {(byte) (value >> 8), (byte) value};
    }

    private static byte[] text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + bytes.length)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] next(ByteBuffer packet, int count) {
        var bytes = new byte[count];
        packet.get(bytes);
        return bytes;
    }
}
