package io.penstock.http.websocket.internal;

import static io.penstock.http.websocket.internal.Wire.BINARY;
import static io.penstock.http.websocket.internal.Wire.CLOSE;
import static io.penstock.http.websocket.internal.Wire.COMPRESSED;
import static io.penstock.http.websocket.internal.Wire.CONTINUATION;
import static io.penstock.http.websocket.internal.Wire.LAST;
import static io.penstock.http.websocket.internal.Wire.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Compression;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.internal.Wire.Frame;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.Call;
import io.penstock.testkit.Cut;
import io.penstock.testkit.EveryCut;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed messages: the examples of RFC 7692 §7.2.3, windows, contexts, bombs, and what is agreed on. */
class DeflateTest extends PairTest {
    private static final Deflate ACROSS = new Deflate(true, true, 15, 15);
    private static final byte[] TAIL = hex("0000ffff");
    private static final Deflate EACH = new Deflate(false, false, 15, 15);

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    private void open(Deflate deflate) {
        open(OPTIONS, new Agreement(null, deflate), false);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "f248cdc9c90700", // one block
                "000500faff48656c6c6f00", // not compressed
                "f348cdc9c90700 00", // the last block of a stream
                "f24805000000ffffcac9c90700" // two blocks
            })
    void theExamplesOfTheRfc(String payload) throws Exception {
        open(EACH);
        Call<Message> receiving = call(socket::receive);
        peer.send(peer.frame(LAST | COMPRESSED | TEXT, hex(payload)));
        assertThat(receiving.value()).isEqualTo(new Message.Text("Hello"));
    }

    @EveryCut
    void aMessageMayBeCutWhereverItLikes(Cut cut) throws Exception {
        open(EACH);
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive()));
        peer.send(
                cut,
                peer.frame(COMPRESSED | TEXT, hex("f248cd")),
                peer.frame(LAST | Wire.PING, "x"),
                peer.frame(LAST | CONTINUATION, hex("c9c90700")),
                peer.frame(LAST | TEXT, "as it is"));
        assertThat(messages.value()).containsExactly(new Message.Text("Hello"), new Message.Text("as it is"));
    }

    @Test
    void messagesMayLookBackWhereThatWasAgreedOn() throws Exception { // RFC 7692 §7.2.3.2
        open(ACROSS);
        Call<List<Message>> messages = call(() -> List.of(socket.receive(), socket.receive()));
        peer.send(
                peer.frame(LAST | COMPRESSED | TEXT, hex("f248cdc9c90700")),
                peer.frame(LAST | COMPRESSED | TEXT, hex("f200110000")));
        assertThat(messages.value()).containsExactly(new Message.Text("Hello"), new Message.Text("Hello"));
    }

    @Test
    void andMayNotWhereItWasNot() throws Exception {
        open(EACH);
        Call<Message> first = call(socket::receive);
        peer.send(peer.frame(LAST | COMPRESSED | TEXT, hex("f248cdc9c90700")));
        first.value();
        Call<Message> second = call(socket::receive);
        peer.send(peer.frame(LAST | COMPRESSED | TEXT, hex("f200110000")));
        assertThat(peer.receive().code()).isEqualTo(CloseCode.INVALID_DATA);
        peer.connection().close();
        second.failing(Reason.MALFORMED);
    }

    @Test
    void whatIsSentIsWhatZlibUnderstands() throws Exception {
        for (Deflate deflate : List.of(EACH, ACROSS, new Deflate(true, true, 9, 9))) {
            open(deflate);
            var zlib = new Inflater(true);
            for (int i = 0; i < 5; i++) {
                String text = "the same words again and again, ".repeat(10 + 500 * i);
                Call<Boolean> sending = call(() -> {
                    socket.send(text);
                    return true;
                });
                Frame frame = peer.receive();
                sending.value();
                assertThat(frame.first()).isEqualTo(LAST | COMPRESSED | TEXT);
                assertThat(frame.payload().length).isLessThan(text.length() / 2);
                assertThat(inflated(zlib, frame.payload(), TAIL)).isEqualTo(text);
                if (!deflate.serverKeeps()) zlib.reset();
            }
            zlib.end();
        }
    }

    private static String inflated(Inflater zlib, byte[]... payload) throws Exception {
        var text = new StringBuilder();
        var piece = new byte[1000];
        zlib.setInput(Wire.join(payload));
        for (int size = zlib.inflate(piece); size > 0; size = zlib.inflate(piece)) {
            text.append(new String(piece, 0, size, StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }

    @Test
    void aSmallWindowIsNeverLookedBackBehind() {
        byte[] block = new byte[512];
        new Random(1).nextBytes(block);
        byte[] twice = Wire.join(block, new byte[1], block);
        int small = new Deflation(true, 8).whole(twice).length;
        int large = new Deflation(true, 15).whole(twice).length;
        assertThat(large).isLessThan(700); // the second is the first again
        assertThat(small).isGreaterThan(1000); // and that is too far away
    }

    @Test
    void shortMessagesAreSentAsTheyAre() throws Exception {
        open(EACH);
        call(() -> {
                    socket.send("x".repeat(63));
                    return true;
                })
                .value();
        assertThat(peer.receive().first()).isEqualTo(LAST | TEXT);
    }

    @Test
    void aStreamIsCompressedPieceByPiece() throws Exception {
        open(ACROSS);
        Connection.Pair source = Connection.pair(loops.next(), loops.next());
        Call<Long> sending = call(() -> socket.send(source.second()));
        var zlib = new Inflater(true);
        source.first().send("one and one and one");
        Frame first = peer.receive();
        assertThat(first.first()).isEqualTo(COMPRESSED | BINARY);
        assertThat(inflated(zlib, first.payload())).isEqualTo("one and one and one"); // all of it, at once
        source.first().close();
        Frame last = peer.receive();
        assertThat(last.first()).isEqualTo(LAST | CONTINUATION);
        assertThat(inflated(zlib, last.payload(), TAIL)).isEmpty();
        assertThat(sending.value()).isEqualTo(19);
        source.second().close();
        zlib.end();
    }

    @Test
    void aBombIsRefusedBeforeItIsLarge() throws Exception {
        open(OPTIONS.withMessageLimit(100_000), new Agreement(null, EACH), false);
        byte[] bomb = new Deflation(false, 15).whole(new byte[100_000_000]);
        assertThat(bomb.length).isLessThan(200_000);
        Call<Message> receiving = call(socket::receive);
        peer.send(peer.frame(COMPRESSED | BINARY, Arrays.copyOf(bomb, 50_000)));
        assertThat(peer.receive().code()).isEqualTo(CloseCode.TOO_BIG);
        peer.connection().close();
        receiving.failing(Reason.TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ffffffff", "07", "06", "0005000000"})
    void whatIsNotCompressedIsRefused(String payload) throws Exception {
        open(EACH);
        Call<Message> receiving = call(socket::receive);
        peer.send(peer.frame(LAST | COMPRESSED | BINARY, hex(payload)));
        assertThat(peer.receive()).satisfies(close -> {
            assertThat(close.opcode()).isEqualTo(CLOSE);
            assertThat(close.code()).isEqualTo(CloseCode.INVALID_DATA);
        });
        peer.connection().close();
        receiving.failing(Reason.MALFORMED);
    }

    @ParameterizedTest
    @CsvSource({"true,15", "true,8", "false,15", "false,10"})
    void anythingGoesThereAndBack(boolean keeps, int bits) throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        var agreement = new Agreement(null, new Deflate(keeps, keeps, bits, bits));
        WebSocket server = StreamWebSocket.on(pair.first(), OPTIONS, agreement, false);
        WebSocket client = StreamWebSocket.on(pair.second(), OPTIONS, agreement, true);
        Call<Boolean> echoing = call(() -> {
            while (server.receive() instanceof Message.Binary(byte[] bytes)) server.send(bytes);
            server.close();
            return true;
        });
        var random = new Random(bits);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(1 << random.nextInt(18))];
            if (random.nextBoolean()) random.nextBytes(bytes);
            Call<Message> back = call(() -> {
                client.send(bytes);
                return client.receive();
            });
            assertThat(back.value()).isEqualTo(new Message.Binary(bytes));
        }
        call(() -> {
                    client.close();
                    return true;
                })
                .value();
        echoing.value();
    }

    // ---- what is agreed on

    private static @Nullable String agreed(String offer, Compression wanted) {
        List<Extension> offers = Extension.parse(List.of(offer));
        Deflate deflate = offers == null ? null : Deflate.accept(offers, wanted);
        return deflate == null ? null : deflate.answer().toString();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "permessage-deflate | ACROSS | permessage-deflate",
                "permessage-deflate | NONE | -",
                "permessage-deflate; client_max_window_bits | ACROSS | permessage-deflate",
                "permessage-deflate; client_max_window_bits=10 | ACROSS | permessage-deflate",
                "permessage-deflate; server_max_window_bits=10 | ACROSS | permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=\"10\" | ACROSS | permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_no_context_takeover | ACROSS | permessage-deflate; server_no_context_takeover",
                "permessage-deflate; client_no_context_takeover | ACROSS | permessage-deflate; client_no_context_takeover",
                "permessage-deflate | EACH | permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "x-other, permessage-deflate; unknown, permessage-deflate | ACROSS | permessage-deflate",
                "permessage-deflate; server_max_window_bits=7 | ACROSS | -",
                "permessage-deflate; server_max_window_bits=16 | ACROSS | -",
                "permessage-deflate; server_max_window_bits | ACROSS | -",
                "permessage-deflate; server_max_window_bits=010 | ACROSS | -",
                "permessage-deflate; server_no_context_takeover=1 | ACROSS | -",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover | ACROSS | -",
                "permessage-deflate; =1 | ACROSS | -",
                "x-webkit-deflate-frame | ACROSS | -"
            })
    void offersAreAnswered(String offer, Compression wanted, @Nullable String answer) {
        assertThat(agreed(offer, wanted)).isEqualTo(answer);
    }
}
