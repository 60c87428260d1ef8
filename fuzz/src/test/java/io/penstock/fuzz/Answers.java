package io.penstock.fuzz;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Queue;

/** What a server may send: a sequence of responses, as another implementation reads them. */
final class Answers {
    private Answers() {}

    static void requireWellFormed(byte[] input, Queue<String> methods, byte[] output) {
        var decoder = new EmbeddedChannel(new HttpResponseDecoder() {
            @Override
            protected boolean isContentAlwaysEmpty(HttpMessage message) {
                boolean interim = ((HttpResponse) message).status().code() < 200;
                return interim || "HEAD".equals(methods.poll()) || super.isContentAlwaysEmpty(message);
            }
        });
        try {
            decoder.writeInbound(Unpooled.wrappedBuffer(output));
            boolean refused = false;
            for (HttpObject part = decoder.readInbound(); part != null; part = decoder.readInbound()) {
                try {
                    if (part.decoderResult().isFailure())
                        throw failure(input, output, part.decoderResult().cause());
                    if (part instanceof HttpResponse head) {
                        if (refused) throw failure(input, output, new AssertionError("something follows a refusal"));
                        refused = head.status().code() == 400;
                    }
                } finally {
                    ReferenceCountUtil.release(part);
                }
            }
        } finally {
            decoder.finishAndReleaseAll();
        }
    }

    private static AssertionError failure(byte[] input, byte[] output, Throwable cause) {
        return new AssertionError(
                "to\n" + new String(input, StandardCharsets.ISO_8859_1) + "\nthe server answered\n"
                        + new String(output, StandardCharsets.ISO_8859_1),
                cause);
    }
}
