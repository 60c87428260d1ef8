package io.penstock.http.websocket.internal;

import static io.penstock.http.websocket.internal.Wire.BINARY;
import static io.penstock.http.websocket.internal.Wire.CLOSE;
import static io.penstock.http.websocket.internal.Wire.CONTINUATION;
import static io.penstock.http.websocket.internal.Wire.LAST;
import static io.penstock.http.websocket.internal.Wire.PING;
import static io.penstock.http.websocket.internal.Wire.PONG;
import static io.penstock.http.websocket.internal.Wire.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.MessageInput;
import io.penstock.http.websocket.internal.Wire.Frame;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Call;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What messages, pings and closes become on the wire, and who waits for whom. */
class SendingTest extends PairTest {
    private static final int PIECE = Sending.PIECE;

    private static byte[] bytes(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private Call<Boolean> sending(byte[] message) {
        return call(() -> {
            socket.send(message);
            return true;
        });
    }

    private Call<Boolean> closing(int code, String reason) {
        return call(() -> {
            socket.close(code, reason);
            return true;
        });
    }

    // ---- messages

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 65535, 65536})
    void aMessageIsAFrame(int size) throws Exception {
        for (boolean client : new boolean[] {false, true}) {
            open(OPTIONS, Agreement.PLAIN, client);
            Call<Boolean> sending = sending(bytes(size));
            Frame frame = peer.receive();
            assertThat(frame.first()).isEqualTo(LAST | BINARY);
            assertThat(frame.payload()).isEqualTo(bytes(size));
            sending.value();
        }
    }

    @Test
    void textIsSentAsUtf8() throws Exception {
        call(() -> {
                    socket.send("κόσμε 🙂");
                    return true;
                })
                .value();
        Frame frame = peer.receive();
        assertThat(frame.first()).isEqualTo(LAST | TEXT);
        assertThat(frame.text()).isEqualTo("κόσμε 🙂");
    }

    @Test
    void longMessagesGoInSeveralFrames() throws Exception {
        Call<Boolean> sending = sending(bytes(3 * PIECE + 1));
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < 4; i++) {
            Frame frame = peer.receive();
            assertThat(frame.first()).isEqualTo((i == 0 ? BINARY : CONTINUATION) | (i == 3 ? LAST : 0));
            all.writeBytes(frame.payload());
        }
        sending.value();
        assertThat(all.toByteArray()).isEqualTo(bytes(3 * PIECE + 1));
    }

    @Test
    void everyFrameHasAnotherMask() throws Exception {
        client(OPTIONS);
        var keys = new HashSet<Integer>();
        for (int i = 0; i < 100; i++) {
            sending(new byte[1]).value();
            byte[] frame = peer.connection().receive(7);
            keys.add(ByteBuffer.wrap(frame, 2, 4).getInt());
        }
        assertThat(keys).hasSizeGreaterThan(95);
    }

    @Test
    void whatAnInputHasIsOneMessageAsItComes() throws Exception {
        Connection.Pair source = Connection.pair(loops.next(), loops.next());
        Call<Long> sending = call(() -> socket.send(source.second()));
        source.first().send("one");
        Frame first = peer.receive();
        assertThat(first.first()).isEqualTo(BINARY);
        assertThat(first.text()).isEqualTo("one");
        source.first().send("two");
        Frame second = peer.receive();
        assertThat(second.first()).isEqualTo(CONTINUATION);
        assertThat(second.text()).isEqualTo("two");
        source.first().close();
        Frame last = peer.receive();
        assertThat(last.first()).isEqualTo(LAST | CONTINUATION);
        assertThat(last.payload()).isEmpty();
        assertThat(sending.value()).isEqualTo(6);
        source.second().close();
    }

    @Test
    void aStreamThatFailsIsNotTakenForWhole() throws Exception {
        Connection.Pair source = Connection.pair(loops.next(), loops.next());
        Call<Long> sending = call(() -> socket.send(source.second()));
        source.first().send("one");
        assertThat(peer.receive().text()).isEqualTo("one");
        source.first().abort();
        assertThat(peer.receive().code()).isEqualTo(CloseCode.INTERNAL_ERROR);
        sending.failing(Reason.RESET);
        source.second().abort();
    }

    // ---- what goes between

    @Test
    void pingsPongsAndClosesGetBetweenTheFramesOfAMessage() throws Exception {
        Call<Boolean> sending = sending(bytes(20 * PIECE)).parked();
        Call<Message> receiving = call(socket::receive);
        call(() -> {
                    socket.ping("ping".getBytes(StandardCharsets.UTF_8));
                    return true;
                })
                .value();
        peer.send(peer.frame(LAST | PING, "pong"));
        int frames = 0;
        int last = 0;
        var seen = new HashSet<String>();
        while (last == 0) {
            Frame frame = peer.receive();
            switch (frame.opcode()) {
                case PING, PONG -> {
                    seen.add(frame.text());
                    assertThat(frames).isBetween(1, 19);
                }
                default -> {
                    frames++;
                    last = frame.first() & LAST;
                }
            }
        }
        sending.value();
        assertThat(frames).isEqualTo(20);
        assertThat(seen).containsExactlyInAnyOrder("ping", "pong");
        peer.send(peer.frame(LAST | TEXT, "x"));
        receiving.value();
    }

    @Test
    void aCloseCutsAMessageThatIsBeingSent() throws Exception {
        Call<Boolean> sending = sending(bytes(50 * PIECE)).parked();
        Call<Boolean> closing = closing(CloseCode.GOING_AWAY, "enough");
        closing.parked();
        Frame frame = peer.receive();
        while (frame.opcode() != CLOSE) frame = peer.receive();
        assertThat(frame.code()).isEqualTo(CloseCode.GOING_AWAY);
        sending.failing(Reason.CLOSED);
        peer.send(peer.close(CloseCode.GOING_AWAY, ""));
        closing.value();
        assertThat(peer.isAtEnd()).isTrue();
    }

    @Test
    void oneSendsAtATime() throws Exception {
        Call<Boolean> first = sending(bytes(20 * PIECE)).parked();
        sending(new byte[1]).failing(Reason.BUSY_WRITING);
        for (int i = 0; i < 20; i++) peer.receive();
        first.value();
        sending(new byte[1]).value();
        assertThat(peer.receive().payload()).hasSize(1);
    }

    @Test
    void aSendThatFailsSaysWhyWhateverWaitsForItsTurn() throws Exception {
        socket.connection().timeouts(Timeouts.DEFAULT.withWrite(Duration.ofSeconds(1)));
        Call<Boolean> sending = sending(bytes(20 * PIECE)).parked();
        socket.ping(new byte[1]);
        sending.failing(Reason.TIMEOUT);
    }

    @Test
    void aPingHasAtMost125Bytes() {
        assertThatIllegalArgumentException().isThrownBy(() -> socket.ping(new byte[126]));
    }

    // ---- closing

    @Test
    void closingWaitsForThePeerAndDropsWhatItStillSends() throws Exception {
        Call<Boolean> closing = closing(4000, "tschüß");
        Frame close = peer.receive();
        assertThat(close.payload()).isEqualTo(Wire.closing(4000, "tschüß".getBytes(StandardCharsets.UTF_8)));
        closing.parked();
        peer.send(peer.frame(TEXT, "x"), peer.frame(LAST | PING, "?"), peer.frame(LAST, "y"), peer.close(4000, ""));
        closing.value();
        assertThat(peer.isAtEnd()).isTrue();
        closing(1000, "").value(); // once more: nothing
        assertThat(call(socket::receive).value()).isEqualTo(new Message.Close(4000, ""));
    }

    @Test
    void aClientWaitsForTheServerToEndTheConnection() throws Exception {
        client(OPTIONS);
        Call<Boolean> closing = closing(1000, "");
        peer.receive();
        peer.send(peer.close(1000, ""));
        closing.parked();
        peer.connection().close();
        closing.value();
    }

    @Test
    void whoReceivesIsToldWhenAnotherThreadCloses() throws Exception {
        Call<Message> receiving = call(socket::receive).parked();
        Call<Boolean> closing = closing(1000, "");
        peer.receive();
        peer.send(peer.frame(LAST | TEXT, "last words"));
        assertThat(receiving.value()).isEqualTo(new Message.Text("last words"));
        Call<Message> end = call(socket::receive);
        peer.send(peer.close(1000, "bye"));
        assertThat(end.value()).isEqualTo(new Message.Close(1000, "bye"));
        closing.value();
    }

    @Test
    void aStreamIsNotTakenForWholeWhoseRestAnotherThreadHasDropped() throws Exception {
        peer.send(peer.frame(BINARY, bytes(10)));
        MessageInput message = call(() -> socket.receiveStream().orElseThrow()).value();
        assertThat(call(() -> message.receive(10)).value()).isEqualTo(bytes(10));
        Call<Boolean> closing = closing(1001, "");
        peer.receive();
        peer.send(peer.frame(LAST, bytes(5)), peer.close(1001, ""));
        closing.value();
        call(message::receiveAll).failing(Reason.CLOSED);
    }

    @Test
    void aPeerThatDoesNotCloseIsNotWaitedForLong() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ZERO, Duration.ofMillis(50)));
        closing(1000, "").value();
        assertThat(socket.connection().isOpen()).isFalse();
    }

    /** No wait for it ever ends by its limit, for there is always something. */
    @ParameterizedTest
    @ValueSource(ints = {LAST | PONG, CONTINUATION})
    void aPeerThatSendsWithoutAPauseIsNotWaitedForEither(int first) throws Exception {
        server(OPTIONS.withTimeouts(Duration.ZERO, Duration.ofMillis(50)));
        var frames = new byte[2000][];
        Arrays.fill(frames, peer.frame(first, ""));
        byte[] many = Wire.join(frames);
        peer.send(peer.frame(TEXT, "x")); // which a continuation needs
        Call<Boolean> flood = Call.onPlatformThread(() -> {
            try {
                while (true) peer.connection().send(many);
            } catch (ConnectionException e) {
                return true;
            }
        });
        closing(1000, "").value();
        assertThat(socket.connection().isOpen()).isFalse();
        flood.value();
    }

    @Test
    void aPeerThatTakesNothingIsNotWaitedForEither() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ZERO, Duration.ofMillis(50)));
        Call<Boolean> sending = sending(bytes(20 * PIECE)).parked();
        Call<Message> receiving = call(socket::receive).parked();
        closing(1000, "").value();
        assertThat(socket.connection().isOpen()).isFalse();
        sending.throwing(io.penstock.net.ConnectionException.class);
        receiving.throwing(io.penstock.net.ConnectionException.class);
    }

    @Test
    void aPeerThatIsGoneIsNoFailure() throws Exception {
        peer.connection().abort();
        closing(1000, "").value();
        assertThat(socket.connection().isOpen()).isFalse();
    }

    @Test
    void aCloseThatCannotBeSentIsRefused() {
        for (int code : new int[] {0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000}) {
            assertThatIllegalArgumentException().isThrownBy(() -> socket.close(code, ""));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> socket.close(1000, "x".repeat(124)));
        assertThatIllegalArgumentException().isThrownBy(() -> socket.close(1000, "ä".repeat(62)));
    }
}
