import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;

/** Asks an HTTP server through a pooled connection and answers with what it said. */
public final class Hop implements Plugin {
    private static final SocketAddress ADDRESS = new InetSocketAddress("127.0.0.1", @ORIGIN@);
    private static final byte[] BLANK_LINE = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private Pool pool;

    @Override
    public void start(PluginContext penstock) {
        pool = Pool.of(Connector.of(penstock.loops()));
        penstock.route("/", exchange -> exchange.respond(200, ask()));
    }

    @Override
    public void stop() {
        pool.close();
    }

    private String ask() throws IOException {
        Connection origin = pool.connect(ADDRESS);
        try {
            origin.send("GET / HTTP/1.1\r\nHost: origin\r\n\r\n");
            origin.receiveUntil(BLANK_LINE).next();
            byte[] body = origin.receive(12);
            origin.release(KeepAlive.DEFAULT);
            return new String(body, StandardCharsets.UTF_8);
        } catch (IOException e) {
            origin.abort();
            throw e;
        }
    }
}
