package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.Body;
import io.penstock.http.Exchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.HttpServer;
import io.penstock.net.ConnectionException;
import io.penstock.net.Delimited;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An HTTP server that takes an upload apart while it comes, and answers with the name, the size and the checksum of each part. However
 * large the parts are, no more than some kilobytes of them are in memory, and whether the body is sized or chunked is all the same.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/MultipartUpload.java 8080
 * curl -F note=hello -F photo=@cat.jpg http://127.0.0.1:8080/
 * curl -F note=hello -F photo=@cat.jpg -H 'Transfer-Encoding: chunked' http://127.0.0.1:8080/
 * </pre>
 */
public final class MultipartUpload {
    private static final Pattern BOUNDARY =
            Pattern.compile("multipart/form-data\\s*;.*boundary=\"?([^\";]+)\"?.*", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME =
            Pattern.compile("content-disposition:.*\\bname=\"([^\"]*)\".*", Pattern.CASE_INSENSITIVE);

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: MultipartUpload PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, address, MultipartUpload::upload)) {
            System.out.println("taking uploads on " + server.address());
            server.join();
        }
    }

    private static void upload(Exchange exchange) throws Exception {
        String type = exchange.request().headers().first(HeaderNames.CONTENT_TYPE);
        Matcher form = BOUNDARY.matcher(type == null ? "" : type);
        if (!form.matches()) {
            exchange.respond(415, "this takes multipart/form-data\n");
            return;
        }
        Body body = exchange.body();
        try {
            exchange.respond(200, partsOf(body, form.group(1)));
        } catch (ConnectionException e) {
            if (e.reason() != ConnectionException.Reason.EOF || !body.isComplete()) throw e;
            exchange.respond(400, "the last boundary is missing\n");
        }
    }

    private static String partsOf(Body body, String boundary) throws Exception {
        var answer = new StringBuilder();
        body.unread(ByteBuffer.wrap("\r\n".getBytes(UTF_8))); // as the first boundary has no line end before it
        Delimited parts = body.receiveUntil("\r\n--" + boundary);
        parts.next(); // what stands before the first boundary is for nobody
        while (!UTF_8.decode(body.peek(2)).toString().equals("--")) {
            String name = "?";
            body.receiveLine(); // the rest of the boundary's line
            for (String field = body.receiveLine(); !field.isEmpty(); field = body.receiveLine()) {
                Matcher named = NAME.matcher(field);
                if (named.matches()) name = named.group(1);
            }
            var checksum = MessageDigest.getInstance("SHA-256");
            long size = 0;
            for (byte[] some = parts.next(16 * 1024); some != null; some = parts.next(16 * 1024)) {
                checksum.update(some);
                size += some.length;
            }
            answer.append(name).append(' ').append(size).append(' ');
            answer.append(HexFormat.of().formatHex(checksum.digest())).append('\n');
        }
        return answer.toString();
    }

    private MultipartUpload() {}
}
