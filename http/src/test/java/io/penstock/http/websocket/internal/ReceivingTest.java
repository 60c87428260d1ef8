package io.penstock.http.websocket.internal;

import static io.penstock.http.websocket.internal.Wire.BINARY;
import static io.penstock.http.websocket.internal.Wire.CLOSE;
import static io.penstock.http.websocket.internal.Wire.COMPRESSED;
import static io.penstock.http.websocket.internal.Wire.CONTINUATION;
import static io.penstock.http.websocket.internal.Wire.LAST;
import static io.penstock.http.websocket.internal.Wire.PING;
import static io.penstock.http.websocket.internal.Wire.PONG;
import static io.penstock.http.websocket.internal.Wire.TEXT;
import static io.penstock.http.websocket.internal.Wire.frame;
import static io.penstock.http.websocket.internal.Wire.join;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.MessageInput;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.Call;
import io.penstock.testkit.Cut;
import io.penstock.testkit.EveryCut;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes out of frames, however they come; what a peer is told that breaks a rule. Names with numbers are those of Autobahn's cases. */
class ReceivingTest extends PairTest {
    private static final byte[] NOTHING = {};

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    /** What it says, it is told, and that is the end of it. */
    private void expectRefusal(Reason reason, int code, byte[]... frames) throws Exception {
        Call<Message> receiving = call(socket::receive);
        peer.send(frames);
        assertThat(peer.receive()).satisfies(close -> {
            assertThat(close.opcode()).isEqualTo(CLOSE);
            assertThat(close.code()).isEqualTo(code);
            assertThat(close.payload().length).isBetween(3, 125);
        });
        assertThat(peer.isAtEnd()).isTrue();
        peer.connection().close();
        receiving.failing(reason);
        call(socket::receive).failing(reason);
        call(() -> {
                    socket.send("too late");
                    return 0;
                })
                .failing(Reason.CLOSED);
    }

    // ---- RFC 6455 §5.7, and every place to cut it

    static Stream<Cut> everywhere() {
        return Stream.concat(Stream.of(Cut.BYTE_BY_BYTE), IntStream.range(0, 25).mapToObj(Cut.At::new));
    }

    @ParameterizedTest
    @MethodSource("everywhere")
    void theExamplesOfTheRfcFromAClient(Cut cut) throws Exception {
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive()));
        peer.send(cut, hex("8185 37fa213d 7f9f4d5158"), hex("8985 37fa213d 7f9f4d5158"), hex("8280 00000000"));

        assertThat(messages.value()).containsExactly(new Message.Text("Hello"), new Message.Binary(NOTHING));
        assertThat(peer.receive().text()).isEqualTo("Hello"); // the pong
    }

    @EveryCut
    void theExamplesOfTheRfcFromAServer(Cut cut) throws Exception {
        client(OPTIONS);
        byte[] some = bytes(256);
        byte[] many = bytes(65536);
        Call<List<Message>> messages =
                call(() -> List.of(socket.receive(), socket.receive(), socket.receive(), socket.receive()));
        peer.send(
                cut,
                hex("8105 48656c6c6f"),
                hex("0103 48656c"),
                hex("8002 6c6f"),
                join(hex("827e0100"), some),
                join(hex("827f0000000000010000"), many));

        assertThat(messages.value())
                .containsExactly(
                        new Message.Text("Hello"),
                        new Message.Text("Hello"),
                        new Message.Binary(some),
                        new Message.Binary(many));
    }

    private static byte[] bytes(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    // ---- 1: framing

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 300_000})
    void messagesOfAllSizesInOneFrameOrMany(int size) throws Exception { // 1.1.1-8, 1.2.1-8
        byte[] payload = bytes(size);
        for (int piece : new int[] {1000, 60_000, Integer.MAX_VALUE}) {
            Call<Message> message = call(socket::receive);
            for (int at = 0; at < size || at == 0; at += Math.min(piece, Math.max(1, size))) {
                int end = (int) Math.min(size, (long) at + piece);
                int first = (at == 0 ? BINARY : CONTINUATION) | (end == size ? LAST : 0);
                peer.send(peer.frame(first, Arrays.copyOfRange(payload, at, end)));
                if (end == size) break;
            }
            assertThat(message.value()).isEqualTo(new Message.Binary(payload));
        }
    }

    // ---- 2: pings

    @Test
    void pingsAreAnsweredWithTheirPayload() throws Exception { // 2.1-4, 2.10
        Call<Message> receiving = call(socket::receive);
        for (int size : new int[] {0, 1, 125}) peer.send(peer.frame(LAST | PING, bytes(size)));
        for (int size : new int[] {0, 1, 125}) {
            assertThat(peer.receive()).satisfies(pong -> {
                assertThat(pong.first()).isEqualTo(LAST | PONG);
                assertThat(pong.payload()).isEqualTo(bytes(size));
            });
        }
        peer.send(peer.frame(LAST | PONG, "unasked")); // 2.7
        peer.send(peer.frame(LAST | TEXT, "x"));
        assertThat(receiving.value()).isEqualTo(new Message.Text("x"));
    }

    @ParameterizedTest
    @ValueSource(ints = {PING, PONG, CLOSE})
    void aControlFrameHasAtMost125Bytes(int opcode) throws Exception { // 2.5
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(LAST | opcode, bytes(126)));
    }

    // ---- 3 and 4: reserved

    @ParameterizedTest
    @ValueSource(ints = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70})
    void reservedBitsAreRefused(int bits) throws Exception { // 3.1-7
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(LAST | TEXT | bits, "x"));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void reservedKindsAreRefused(int opcode) throws Exception { // 4.1.1-5, 4.2.1-5
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(LAST | opcode, "x"));
    }

    // ---- 5: fragments

    @ParameterizedTest
    @ValueSource(ints = {PING, PONG, CLOSE})
    void aControlFrameIsNotFragmented(int opcode) throws Exception { // 5.1, 5.2
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(opcode, "x"), peer.frame(LAST, "y"));
    }

    @EveryCut
    void pingsBetweenFragmentsAreAnsweredAtOnce(Cut cut) throws Exception { // 5.6-8, 5.19, 5.20
        Call<Message> receiving = call(socket::receive);
        peer.send(cut, peer.frame(TEXT, "fragment1"), peer.frame(LAST | PING, "ping"));
        assertThat(peer.receive().text()).isEqualTo("ping");
        peer.send(cut, peer.frame(CONTINUATION, ""), peer.frame(LAST | PING, "pong"));
        assertThat(peer.receive().text()).isEqualTo("pong");
        peer.send(cut, peer.frame(LAST | CONTINUATION, "fragment2"));
        assertThat(receiving.value()).isEqualTo(new Message.Text("fragment1fragment2"));
    }

    @Test
    void aContinuationOfNothingIsRefused() throws Exception { // 5.9-14
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(LAST | CONTINUATION, "x"));
    }

    @Test
    void aContinuationBehindAWholeMessageIsRefused() throws Exception {
        Call<Message> whole = call(socket::receive);
        peer.send(peer.frame(LAST | TEXT, "x"));
        whole.value();
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(CONTINUATION, "x"));
    }

    @Test
    void aMessageWithinAMessageIsRefused() throws Exception { // 5.15, 5.18
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(TEXT, "x"), peer.frame(LAST | TEXT, "y"));
    }

    @Test
    void fragmentsMayBeEmpty() throws Exception { // 6.1.1-3
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive(), socket.receive()));
        peer.send(
                peer.frame(LAST | TEXT, ""),
                peer.frame(TEXT, ""),
                peer.frame(CONTINUATION, ""),
                peer.frame(LAST | CONTINUATION, ""),
                peer.frame(TEXT, ""),
                peer.frame(CONTINUATION, "middle"),
                peer.frame(LAST | CONTINUATION, ""));
        assertThat(messages.value())
                .containsExactly(new Message.Text(""), new Message.Text(""), new Message.Text("middle"));
    }

    // ---- masks and lengths

    @Test
    void aClientThatDoesNotMaskIsRefused() throws Exception {
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, frame(LAST | TEXT, "x".getBytes(UTF_8), false));
    }

    @Test
    void aServerThatMasksIsRefused() throws Exception {
        client(OPTIONS);
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, frame(LAST | TEXT, "x".getBytes(UTF_8), true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "827e007d 00000000", // 125 in 2 bytes
                "827f000000000000007d 00000000", // and in 8
                "827f000000000000ffff 00000000",
                "827fffffffffffffffff 00000000" // negative
            })
    void aLengthHasOneForm(String head) throws Exception {
        client(OPTIONS);
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, hex(head));
    }

    // ---- 6: text

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cebae1bdb9cf83cebcceb5eda080656469746564", // 6.3.1: a surrogate
                "cebae1bdb9cf83cebcceb5f4908080656469746564", // 6.4: above 10FFFF
                "c080",
                "e09f80",
                "f08fbfbf", // not the shortest
                "80",
                "bf",
                "fe",
                "ff",
                "f5808080", // no first byte
                "ce",
                "e1bd",
                "f09f98", // cut
                "c3c3",
                "48656c6c6f2dc2" // cut behind what is fine
            })
    void textIsUtf8(String bytes) throws Exception {
        expectRefusal(Reason.MALFORMED, CloseCode.INVALID_DATA, peer.frame(LAST | TEXT, hex(bytes)));
    }

    @Test
    void textThatGoesWrongIsNotWaitedFor() throws Exception { // 6.4.1-4: the rest never comes
        expectRefusal(
                Reason.MALFORMED,
                CloseCode.INVALID_DATA,
                peer.frame(TEXT, hex("cebae1bdb9cf83cebcceb5")),
                peer.frame(CONTINUATION, hex("f4908080")));
    }

    @EveryCut
    void charactersMayBeCutBetweenFragments(Cut cut) throws Exception { // 6.2.2-4
        String text = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 🙂 \uD7FF\uE000\uDBFF\uDFFF";
        byte[] bytes = text.getBytes(UTF_8);
        Call<Message> receiving = call(socket::receive);
        for (int i = 0; i < bytes.length; i++) {
            int last = i == bytes.length - 1 ? LAST : 0;
            peer.send(cut, peer.frame(last | (i == 0 ? TEXT : CONTINUATION), new byte[] {bytes[i]}));
        }
        assertThat(receiving.value()).isEqualTo(new Message.Text(text));
    }

    // ---- 7: closes

    @ParameterizedTest
    @ValueSource(
            ints = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    void closesAreToldAndAnsweredInKind(int code) throws Exception { // 7.7.1-13
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive()));
        peer.send(peer.close(code, "because"), peer.frame(LAST | TEXT, "too late"));
        assertThat(messages.value())
                .containsExactly(new Message.Close(code, "because"), new Message.Close(code, "because"));
        assertThat(peer.receive().payload()).isEqualTo(Wire.closing(code, NOTHING));
        call(() -> {
                    socket.close();
                    return 0;
                })
                .value();
        assertThat(peer.isAtEnd()).isTrue();
    }

    @Test
    void aCloseWithoutACodeIsAnsweredWithout() throws Exception { // 7.3.1
        Call<Message> receiving = call(socket::receive);
        peer.send(peer.frame(LAST | CLOSE, ""));
        assertThat(receiving.value()).isEqualTo(new Message.Close(CloseCode.NONE, ""));
        assertThat(peer.receive().payload()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    void codesThatNoCloseMayHaveAreRefused(int code) throws Exception { // 7.9.1-13
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.close(code, ""));
    }

    @Test
    void halfACodeIsRefused() throws Exception { // 7.3.2
        expectRefusal(Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(LAST | CLOSE, "x"));
    }

    @Test
    void aReasonIsUtf8() throws Exception { // 7.5.1
        expectRefusal(
                Reason.MALFORMED,
                CloseCode.INVALID_DATA,
                peer.frame(LAST | CLOSE, Wire.closing(1000, hex("cebae1bdb9eda080"))));
    }

    @Test
    void aCloseInTheMiddleOfAMessageCounts() throws Exception { // 7.1.4
        Call<Message> receiving = call(socket::receive);
        peer.send(peer.frame(TEXT, "fragment1"), peer.close(1000, ""));
        assertThat(receiving.value()).isEqualTo(new Message.Close(1000, ""));
    }

    @ParameterizedTest
    @CsvSource({"''", "81", "8185", "818537fa213d7f9f", "0181 37fa213d 48"})
    void whoLeavesWithoutClosingIsEof(String bytes) throws Exception {
        Call<Message> receiving = call(socket::receive);
        peer.send(hex(bytes));
        peer.connection().close();
        assertThat(receiving.failing(Reason.EOF).text()).contains("without closing");
    }

    // ---- limits

    @Test
    void theLimitIsWhatAMessageMayHave() throws Exception {
        server(OPTIONS.withMessageLimit(1000));
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive()));
        byte[] most = bytes(1000);
        peer.send(
                peer.frame(LAST | BINARY, most),
                peer.frame(BINARY, Arrays.copyOf(most, 999)),
                peer.frame(CONTINUATION, Arrays.copyOfRange(most, 999, 1000)),
                peer.frame(LAST | CONTINUATION, ""));
        assertThat(messages.value()).containsExactly(new Message.Binary(most), new Message.Binary(most));
        expectRefusal(Reason.TOO_LONG, CloseCode.TOO_BIG, peer.frame(LAST | BINARY, bytes(1001)));
    }

    @Test
    void whatIsTooLongIsNotWaitedFor() throws Exception {
        client(OPTIONS);
        expectRefusal(Reason.TOO_LONG, CloseCode.TOO_BIG, hex("827f0000 7fff ffff ffff"));
    }

    @Test
    void fragmentsCountTogether() throws Exception {
        server(OPTIONS.withMessageLimit(1000));
        expectRefusal(
                Reason.TOO_LONG,
                CloseCode.TOO_BIG,
                peer.frame(BINARY, bytes(1000)),
                peer.frame(LAST | CONTINUATION, bytes(1)));
    }

    // ---- streams

    @EveryCut
    void aMessageMayBeReceivedWhileItComes(Cut cut) throws Exception {
        server(OPTIONS.withMessageLimit(10));
        Call<byte[]> first = call(() -> {
            MessageInput message = socket.receiveStream().orElseThrow();
            assertThat(message.isText()).isFalse();
            return message.receive(3);
        });
        peer.send(cut, peer.frame(BINARY, bytes(3)));
        assertThat(first.value()).isEqualTo(bytes(3)); // the end of it has not come
        peer.send(cut, peer.frame(CONTINUATION, bytes(5000)), peer.frame(LAST, ""));

        Call<byte[]> second = call(() -> {
            MessageInput message = socket.receiveStream().orElseThrow(); // what is left of the first is dropped
            byte[] all = message.receiveAll();
            assertThat(message.receiveAll()).isEmpty();
            return all;
        });
        peer.send(cut, peer.frame(BINARY, bytes(20_000)), peer.frame(LAST, bytes(7)), peer.close(1000, ""));
        assertThat(second.value()).isEqualTo(join(bytes(20_000), bytes(7)));
        assertThat(call(socket::receiveStream).value()).isEmpty();
        assertThat(call(socket::receive).value()).isEqualTo(new Message.Close(1000, ""));
    }

    @Test
    void aStreamIsOverWhenTheNextMessageIsAskedFor() throws Exception {
        Call<Message> next = call(() -> {
            MessageInput old = socket.receiveStream().orElseThrow();
            Message message = socket.receive();
            call(old::receiveAll).failing(Reason.CLOSED);
            return message;
        });
        peer.send(peer.frame(LAST | TEXT, "one"), peer.frame(LAST | TEXT, "two"));
        assertThat(next.value()).isEqualTo(new Message.Text("two"));
    }

    @Test
    void aStreamIsOverAlsoWhileTheRestOfItIsWaitedFor() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ofMillis(20), Duration.ofSeconds(10)));
        peer.send(peer.frame(BINARY, bytes(10)));
        MessageInput old = call(() -> socket.receiveStream().orElseThrow()).value();
        call(socket::receive).failing(Reason.TIMEOUT);
        peer.send(peer.frame(LAST, bytes(5)), peer.frame(LAST | TEXT, "next"));
        call(old::receiveAll).failing(Reason.CLOSED);
        assertThat(call(socket::receive).value()).isEqualTo(new Message.Text("next"));
    }

    @Test
    void textIsCheckedInAStreamToo() throws Exception {
        Call<byte[]> receiving = call(() -> socket.receiveStream().orElseThrow().receiveAll());
        peer.send(peer.frame(TEXT, hex("ce")), peer.frame(LAST, hex("41")));
        assertThat(peer.receive().code()).isEqualTo(CloseCode.INVALID_DATA);
        peer.connection().close();
        receiving.failing(Reason.MALFORMED);
    }

    @Test
    void aStreamThatIsCutIsEof() throws Exception {
        Call<byte[]> receiving = call(() -> socket.receiveStream().orElseThrow().receiveAll());
        peer.send(peer.frame(BINARY, bytes(10)), peer.close(1001, "gone"));
        assertThat(receiving.failing(Reason.EOF).partial()).isEqualTo(bytes(10));
        assertThat(call(socket::receive).value()).isEqualTo(new Message.Close(1001, "gone"));
    }

    // ---- threads and time

    @Test
    void oneReceivesAtATime() throws Exception {
        Call<Message> receiving = call(socket::receive).parked();
        call(socket::receive).failing(Reason.BUSY_READING);
        call(socket::receiveStream).failing(Reason.BUSY_READING);
        peer.send(peer.frame(LAST | TEXT, "x"));
        assertThat(receiving.value()).isEqualTo(new Message.Text("x"));
    }

    @Test
    void aTimeoutInTheMiddleOfAMessageLosesNothing() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ofMillis(20), Duration.ofSeconds(10)));
        byte[] frames = join(peer.frame(TEXT, "Hel"), peer.frame(LAST | PONG, "x"), peer.frame(LAST, "lo"));
        for (byte each : Arrays.copyOf(frames, frames.length - 1)) {
            peer.send(new byte[] {each});
            call(socket::receive).failing(Reason.TIMEOUT);
        }
        Call<Message> receiving = call(socket::receive);
        peer.send(new byte[] {frames[frames.length - 1]});
        assertThat(receiving.value()).isEqualTo(new Message.Text("Hello"));
    }

    @Test
    void whatWasReceivedOfAMessageBeforeATimeoutMayBeGoneOnWithAsAStream() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ofMillis(20), Duration.ofSeconds(10)));
        peer.send(peer.frame(TEXT, "Hel"));
        call(socket::receive).failing(Reason.TIMEOUT);
        peer.send(peer.frame(LAST, "lo"));
        assertThat(call(() -> socket.receiveStream().orElseThrow().receiveAll()).value())
                .isEqualTo("Hello".getBytes(UTF_8));
    }

    @Test
    void aSilentPeerIsAskedWhetherItIsThere() throws Exception {
        server(OPTIONS.withTimeouts(Duration.ofMillis(50), Duration.ofSeconds(10)));
        Call<Message> receiving = call(socket::receive);
        for (int i = 0; i < 3; i++) {
            assertThat(peer.receive().first()).isEqualTo(LAST | PING);
            peer.send(peer.frame(LAST | PONG, ""));
        }
        assertThat(peer.receive().first()).isEqualTo(LAST | PING);
        receiving.failing(Reason.TIMEOUT);
    }

    @Test
    void compressedFramesAreForWhoHasAgreedOnThem() throws Exception {
        open(OPTIONS, new Agreement(null, new Deflate(false, false, 15, 15)), false);
        expectRefusal(
                Reason.MALFORMED, CloseCode.PROTOCOL_ERROR, peer.frame(TEXT, "x"), peer.frame(LAST | COMPRESSED, "y"));
    }
}
