package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real broker, and, for what a real one does not do, with one of the test's own. */
class MqttClientTest {
    private static final Duration MINUTE = Duration.ofSeconds(60);

    private final Loops loops = Loops.open();
    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private MqttClient client(String name, Duration keepAlive) {
        return new MqttClient(
                loops, name, keepAlive, (topic, message) -> received.add(topic + ": " + new String(message, UTF_8)));
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whatIsPublishedToATopicComesToThoseWhoSubscribedToIt(@TempDir Path directory) throws Exception {
        try (var broker = MosquittoServer.start(directory);
                var reader = client("reader", MINUTE);
                var writer = client("writer", MINUTE)) {
            var place = Endpoint.of("127.0.0.1", broker.port());
            get(reader.connect(place));
            get(writer.connect(place));
            get(reader.subscribe("rooms/+/temperature"));

            writer.publish("rooms/k\u00fcche/temperature", "21".getBytes(UTF_8));
            get(writer.publishAcknowledged("rooms/hall/temperature", "19".getBytes(UTF_8)));
            get(writer.publishAcknowledged("rooms/hall/light", "on".getBytes(UTF_8)));
            String large = "x".repeat(200_000);
            get(writer.publishAcknowledged("rooms/attic/temperature", large.getBytes(UTF_8)));

            for (String expected : List.of(
                    "rooms/k\u00fcche/temperature: 21",
                    "rooms/hall/temperature: 19",
                    "rooms/attic/temperature: " + large)) {
                assertThat(received.poll(20, TimeUnit.SECONDS)).isEqualTo(expected);
            }
        }
    }

    @Test
    void whoSendsNothingPings(@TempDir Path directory) throws Exception {
        try (var broker = MosquittoServer.start(directory);
                var quiet = client("quiet", Duration.ofSeconds(1))) {
            get(quiet.connect(Endpoint.of("127.0.0.1", broker.port())));
            for (int i = 0; i < 3; i++) broker.awaitLog("Received PINGREQ from quiet"); // the third behind a second
            get(quiet.subscribe("news"));
        }
    }

    @Test
    void aRefusalFailsWhoWaitsForIt(@TempDir Path directory) throws Exception {
        try (var broker = MosquittoServer.start(directory);
                var nameless = client("x", MINUTE)) {
            get(nameless.connect(Endpoint.of("127.0.0.1", broker.port())));
            assertThatThrownBy(() -> get(nameless.subscribe("not/#/a/filter")))
                    .hasMessageContaining("the connection to the broker has ended");
        }
    }

    @Test
    void withoutABrokerConnectingFails() throws Exception {
        try (var alone = client("alone", MINUTE)) {
            assertThatThrownBy(() -> get(alone.connect(Endpoint.of("127.0.0.1", 1))))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
        }
    }

    @Test
    void aBrokerThatFallsSilentIsGivenUp() throws Exception {
        try (var broker = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), MqttClientTest::acceptAndIgnore);
                var patient = client("patient", Duration.ofSeconds(1))) {
            get(patient.connect(Endpoint.of(broker.address())));
            assertThatThrownBy(() -> get(patient.publishAcknowledged("news", new byte[0])))
                    .rootCause()
                    .hasMessage("the broker has been silent for 1 s");
        }
    }

    private static void acceptAndIgnore(Connection client) throws ConnectionException {
        Framed packets = client.framed(Framing.mqtt());
        assertThat(packets.receive()).startsWith(0x10);
        client.send(new byte[] {0x20, 2, 0, 0});
        while (packets.receive() != null) {}
    }
}
