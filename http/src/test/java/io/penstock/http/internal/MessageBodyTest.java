package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.UntilVector;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageBodyTest {
    private static final HeadLimits LIMITS = new HeadLimits(64, 128, 5);
    private static final String CHUNKED =
            "5\r\nhello\r\n1;a=b;c=\"d \\\"e\"\r\n \r\n00000006\r\nworld\n\r\n0;last\r\nX-Sum: 12\r\nContent-Length: 3\r\nHost: y\r\n\r\n";

    private static MessageBody body(BodyLength length, ScriptedInput wire, long limit) {
        return MessageBody.of(length, wire, null, LIMITS, limit);
    }

    private static List<ScriptedInput> everyCutOf(String text) {
        var inputs = new ArrayList<ScriptedInput>();
        for (int cut = 0; cut <= text.length(); cut++) inputs.add(ScriptedInput.cutAt(text, cut));
        for (int size = 1; size < 8; size++) inputs.add(ScriptedInput.inPieces(text, size));
        return inputs;
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void aChunkedBodyEndsWhereItSaysHoweverItIsCut() throws Exception {
        for (ScriptedInput wire : everyCutOf(CHUNKED + "GET /next")) {
            MessageBody body = body(BodyLength.CHUNKED, wire, 100);
            assertThat(body.length()).isEqualTo(-1);
            assertThat(latin(body.receiveAll())).isEqualTo("hello world\n");
            assertThat(body.isComplete()).isTrue();
            assertThat(body.trailers()).hasToString("X-Sum: 12\n");
            assertThat(latin(wire.receiveAll())).isEqualTo("GET /next");
        }
    }

    @Test
    void aSizedBodyEndsWhereItSaysHoweverItIsCut() throws Exception {
        for (ScriptedInput wire : everyCutOf("hello worldGET /next")) {
            MessageBody body = body(BodyLength.of(11), wire, 0);
            assertThat(body.length()).isEqualTo(11);
            assertThat(latin(body.receive(3))).isEqualTo("hel");
            assertThat(latin(body.receiveAll())).isEqualTo("lo world");
            assertThat(body.receiveAll()).isEmpty();
            assertThat(latin(wire.receiveAll())).isEqualTo("GET /next");
        }
    }

    @Test
    void noBodyIsAnEmptyOneAndTouchesNothing() throws Exception {
        var wire = ScriptedInput.inPieces("GET /next", 3);
        MessageBody body = body(BodyLength.of(0), wire, 0);
        assertThat(body.isComplete()).isTrue();
        assertThat(body.length()).isZero();
        assertThat(body.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThat(wire.buffered()).isEqualTo(9);
    }

    @Test
    void aBodyUntilCloseIsEverything() throws Exception {
        MessageBody body = body(BodyLength.UNTIL_CLOSE, ScriptedInput.inPieces("all of it", 2), 0);
        assertThat(latin(body.receiveAll())).isEqualTo("all of it");
        assertThat(body.isComplete()).isTrue();
    }

    @Test
    void piecesOfABodyAreThoseOfTheReferenceHoweverItIsChunkedAndCut() throws Exception {
        for (UntilVector vector : UntilVector.ALL) {
            String stream = vector.stream();
            for (int place = 1; place < stream.length(); place++) {
                String chunked = "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\nGET /next"
                        .formatted(place, stream.substring(0, place), stream.length() - place, stream.substring(place));
                for (int size : new int[] {1, 3, chunked.length()}) {
                    var wire = ScriptedInput.inPieces(chunked, size);
                    MessageBody body = body(BodyLength.CHUNKED, wire, 100);
                    assertThat(vector.runOn(body))
                            .as("%s, cut at %s", vector, place)
                            .isEqualTo(vector.results());
                    body.receiveAll();
                    assertThat(latin(wire.receiveAll())).isEqualTo("GET /next");
                }
            }
        }
    }

    @Test
    void everyWayOfReceivingWorksAcrossChunks() throws Exception {
        MessageBody body = body(BodyLength.CHUNKED, ScriptedInput.inPieces(CHUNKED, 1), 100);
        assertThat(latin(bytesOf(body.peek(7)))).isEqualTo("hello w");
        body.unread(ByteBuffer.wrap(new byte[] {'>', '>'}));
        assertThat(body.receiveLine()).isEqualTo(">>hello world");
        assertThatThrownBy(() -> body.receive(1))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.EOF));
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    @Test
    void aPeerThatLeavesEarlyIsToldFromTheEndAndWhatCameIsNotLost() {
        for (int end = 0; end < CHUNKED.length(); end++) {
            var wire = ScriptedInput.inPieces(CHUNKED.substring(0, end), 3);
            MessageBody body = body(BodyLength.CHUNKED, wire, 100);
            assertThatThrownBy(body::receiveAll).isInstanceOfSatisfying(ConnectionException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.EOF);
                assertThat("hello world\n").startsWith(latin(e.partial()));
            });
            assertThat(body.isComplete()).isFalse();
        }
        MessageBody sized = body(BodyLength.of(5), ScriptedInput.inPieces("hel", 1), 0);
        assertThatThrownBy(sized::receiveAll)
                .hasMessageContaining("2 are missing")
                .isInstanceOfSatisfying(
                        ConnectionException.class,
                        e -> assertThat(latin(e.partial())).isEqualTo("hel"));
    }

    @Test
    void aMalformedChunkFailsEveryFurtherCallAsWell() {
        MessageBody body = body(BodyLength.CHUNKED, ScriptedInput.inPieces("3\r\nabc\r\nxyz\r\n\r\n", 64), 100);
        for (String partial : List.of("abc", "")) {
            assertThatThrownBy(body::receiveAll).isInstanceOfSatisfying(ConnectionException.class, e -> {
                assertThat(e.reason()).isEqualTo(Reason.MALFORMED);
                assertThat(latin(e.partial())).isEqualTo(partial);
            });
        }
        assertThat(body.problem().status()).isEqualTo(400);
    }

    @Test
    void aChunkedBodyHasALimitThatItMayReach() throws Exception {
        assertThat(body(BodyLength.CHUNKED, ScriptedInput.inPieces(CHUNKED, 9), 12)
                        .receiveAll())
                .hasSize(12);
        MessageBody body = body(BodyLength.CHUNKED, ScriptedInput.inPieces(CHUNKED, 9), 11);
        assertThatThrownBy(body::receiveAll)
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LONG));
        assertThat(body.problem().status()).isEqualTo(413);
    }

    @Test
    void chunkExtensionsAndTrailersHaveLimits() {
        String extended = "1;" + "a".repeat(200) + "\r\nx\r\n";
        MessageBody flood = body(BodyLength.CHUNKED, ScriptedInput.inPieces(extended.repeat(100), 1000), 1000);
        assertThatThrownBy(flood::receiveAll).hasMessageContaining("chunk extensions");
        MessageBody trailed = body(BodyLength.CHUNKED, ScriptedInput.inPieces("0\r\nX: " + "a".repeat(1000), 10), 1000);
        assertThatThrownBy(trailed::receiveAll).hasMessageContaining("128 bytes");
        assertThat(trailed.problem().status()).isEqualTo(431);
    }

    @Test
    void theRestIsDroppedUpToALimit() throws Exception {
        var wire = ScriptedInput.inPieces("hello worldGET /next", 4);
        assertThat(body(BodyLength.of(11), wire, 0).drop(11)).isTrue();
        assertThat(latin(wire.receiveAll())).isEqualTo("GET /next");
        assertThat(body(BodyLength.of(11), ScriptedInput.inPieces("hello world", 4), 0)
                        .drop(7))
                .isFalse();
        assertThat(body(BodyLength.CHUNKED, ScriptedInput.inPieces(CHUNKED, 4), 100)
                        .drop(12))
                .isTrue();
    }

    @Test
    void aRetiredBodyIsClosedAndHoldsNothing() throws Exception {
        MessageBody body = body(BodyLength.of(5), ScriptedInput.inPieces("hello", 5), 0);
        assertThat(body.receive(1)).isEqualTo(new byte[] {'h'});
        assertThat(body.retire()).isTrue();
        assertThat(body.held()).isZero();
        assertThatThrownBy(() -> body.receive(1))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
    }
}
