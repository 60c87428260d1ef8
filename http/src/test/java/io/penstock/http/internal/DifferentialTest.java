package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Netty's decoders as the second opinion: whatever we take for a message, they take for the same one. That we refuse more is the
 * intention; what was refused and why is left in {@code target}.
 */
class DifferentialTest {
    private static final long SEED = Long.getLong("penstock.seed", 20261120);
    private static final int ROUNDS = Integer.getInteger("penstock.rounds", 10_000);
    private static final HeadLimits LIMITS = new HeadLimits(4096, 8192, 100);

    /** What a parser made of the bytes; the trailers are compared by those we keep, as each side drops its own. */
    private record Reading(String line, List<String> fields, String body, List<String> trailers) {}

    /** What we made of them, or why we refused. */
    private record Ours(Reading reading, String refusal) {}

    private final Random random = new Random(SEED);
    private final GeneratedMessage messages = new GeneratedMessage(random);
    private final Map<String, String> refused = new TreeMap<>();

    @Test
    void whateverWeTakeForARequestNettyReadsTheSameWay() throws Exception {
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String text = messages.request();
            Ours ours = oursOfRequest(text);
            if (ours.reading() == null) continue;
            accepted++;
            assertSame(round, text, ours.reading(), new EmbeddedChannel(new HttpRequestDecoder()));
        }
        finish("requests", accepted);
    }

    @Test
    void whateverWeTakeForAResponseNettyReadsTheSameWay() throws Exception {
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String text = messages.response();
            Ours ours = oursOfResponse(text);
            if (ours.reading() == null) continue;
            accepted++;
            assertSame(round, text, ours.reading(), new EmbeddedChannel(new HttpResponseDecoder()));
        }
        finish("responses", accepted);
    }

    private void finish(String kind, int accepted) throws Exception {
        var corpus = new ArrayList<String>();
        corpus.add("seed " + SEED + ": of " + ROUNDS + " " + kind + " " + accepted
                + " accepted; the others for one of these reasons:");
        refused.forEach((reason, text) -> corpus.add(reason + "\n    " + visible(text)));
        Files.write(Path.of("target", "differential-" + kind + ".txt"), corpus);
        // the test would be worth nothing if it were always the same answer
        assertThat(accepted).as(kind).isBetween(ROUNDS / 5, ROUNDS * 4 / 5);
        assertThat(refused).as(kind).hasSizeGreaterThan(15);
    }

    private void assertSame(int round, String text, Reading ours, EmbeddedChannel channel) {
        String which = "seed " + SEED + ", round " + round + ": " + visible(text);
        Reading theirs;
        try {
            theirs = theirs(text, channel);
        } catch (AssertionError e) {
            throw new AssertionError(which, e);
        }
        assertThat(theirs.line()).as(which).isEqualTo(ours.line());
        assertThat(theirs.fields()).as(which).isEqualTo(ours.fields());
        assertThat(theirs.body()).as(which).isEqualTo(ours.body());
        assertThat(theirs.trailers()).as(which).containsAll(ours.trailers());
    }

    private static String visible(String text) {
        return text.replace("\r", "\\r")
                .replace("\n", "\\n")
                .replace("\0", "\\0")
                .replace("\t", "\\t");
    }

    private ScriptedInput cut(String text) {
        return ScriptedInput.inPieces(text, 1 + random.nextInt(text.length()));
    }

    private Ours oursOfRequest(String text) throws Exception {
        ScriptedInput input = cut(text);
        var reader = new HeadReader(input, LIMITS);
        reader.begin();
        try {
            RequestHead head = reader.parseRequest();
            while (head == null) {
                if (!reader.more()) return refuse("it is not complete", text);
                head = reader.parseRequest();
            }
            Framing.requireHost(head);
            String line = head.method() + " " + head.target() + " " + head.version();
            return body(line, head.headers(), Framing.ofRequest(head), input, text);
        } catch (BadMessage e) {
            return refuse(e.status() + " " + e.reason(), text);
        }
    }

    private Ours oursOfResponse(String text) throws Exception {
        ScriptedInput input = cut(text);
        var reader = new HeadReader(input, LIMITS);
        reader.begin();
        try {
            ResponseHead head = reader.parseResponse();
            while (head == null) {
                if (!reader.more()) return refuse("it is not complete", text);
                head = reader.parseResponse();
            }
            // interim responses are not made here, but may come of a spoilt digit; they are no whole message
            if (head.isInterim() || head.status() == 101) return refuse("it is interim", text);
            String line = head.version() + " " + head.status();
            BodyLength length = Framing.ofResponse(head, "GET");
            // Netty takes the coding away where there is no body to be coded
            if (length instanceof BodyLength.None) head.headers().remove("Transfer-Encoding");
            return body(line, head.headers(), length, input, text);
        } catch (BadMessage e) {
            return refuse(e.status() + " " + e.reason(), text);
        }
    }

    private Ours body(String line, Headers headers, BodyLength length, ScriptedInput input, String text) {
        MessageBody body = MessageBody.of(length, input, null, LIMITS, Long.MAX_VALUE);
        try {
            String bytes = new String(body.receiveAll(), StandardCharsets.ISO_8859_1);
            return new Ours(new Reading(line, list(headers), bytes, list(body.trailers())), "");
        } catch (ConnectionException e) {
            return refuse("400 " + e.getMessage(), text);
        }
    }

    private Ours refuse(String reason, String text) {
        refused.putIfAbsent(reason.replaceAll("[0-9]+ (bytes|are)", "N $1").replaceAll("'.*'|byte 0x..", "..."), text);
        return new Ours(null, reason);
    }

    private static List<String> list(Headers headers) {
        var fields = new ArrayList<String>();
        headers.forEach((name, value) -> fields.add(name + ": " + value));
        return fields;
    }

    private static Reading theirs(String text, EmbeddedChannel channel) {
        String line = null;
        var fields = new ArrayList<String>();
        var trailers = new ArrayList<String>();
        var body = new StringBuilder();
        boolean whole = false;
        try {
            channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
            channel.finish();
            for (Object read = channel.readInbound(); read != null; read = channel.readInbound()) {
                try {
                    var object = (HttpObject) read;
                    if (whole) continue;
                    if (object.decoderResult().isFailure()) {
                        throw new AssertionError(
                                "Netty refuses it", object.decoderResult().cause());
                    }
                    if (object instanceof HttpMessage message) {
                        line = line(message);
                        message.headers().forEach(field -> fields.add(field.getKey() + ": " + field.getValue()));
                    }
                    if (object instanceof HttpContent content)
                        body.append(content.content().toString(StandardCharsets.ISO_8859_1));
                    if (object instanceof LastHttpContent last) {
                        last.trailingHeaders().forEach(field -> trailers.add(field.getKey() + ": " + field.getValue()));
                        whole = true;
                    }
                } finally {
                    ReferenceCountUtil.release(read);
                }
            }
        } finally {
            channel.finishAndReleaseAll();
        }
        assertThat(whole).as("Netty finds its end").isTrue();
        return new Reading(String.valueOf(line), fields, body.toString(), trailers);
    }

    private static String line(HttpMessage message) {
        return switch (message) {
            case HttpRequest request -> request.method() + " " + request.uri() + " " + request.protocolVersion();
            case HttpResponse response ->
                response.protocolVersion() + " " + response.status().code();
            default -> throw new AssertionError("neither a request nor a response: " + message);
        };
    }
}
