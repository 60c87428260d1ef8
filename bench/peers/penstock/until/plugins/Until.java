import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Delimited;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;

/** Cuts a stream of parts at their boundary. */
public final class Until implements Plugin {
    private static final SocketAddress ADDRESS = new InetSocketAddress("127.0.0.1", @ORIGIN@);
    private static final byte[] BLANK_LINE = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BOUNDARY =
            "\r\n--penstock-boundary-7MA4YWxkTrZu0gW".getBytes(StandardCharsets.US_ASCII);

    private Pool pool;

    @Override
    public void start(PluginContext penstock) {
        pool = Pool.of(Connector.of(penstock.loops()));
        penstock.route("/", exchange -> exchange.respond(200, receive() + "\n"));
    }

    @Override
    public void stop() {
        pool.close();
    }

    private long receive() throws IOException {
        Connection origin = pool.connect(ADDRESS);
        try {
            origin.send("GET /stream HTTP/1.1\r\nHost: origin\r\n\r\n");
            origin.receiveUntil(BLANK_LINE).next();
            long bytes = 0;
            Delimited parts = origin.receiveUntil(BOUNDARY);
            for (int i = 0; i < @PARTS@; i++) bytes += parts.next().length;
            origin.release(KeepAlive.DEFAULT);
            return bytes;
        } catch (IOException e) {
            origin.abort();
            throw e;
        }
    }
}
