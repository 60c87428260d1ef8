import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Relay;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Takes the connection over and joins it to another. */
public final class Tunnel implements Plugin {
    private static final SocketAddress TARGET = new InetSocketAddress("127.0.0.1", @TARGET@);
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

    @Override
    public void start(PluginContext penstock) {
        Connector connector = Connector.of(penstock.loops());
        penstock.route("/", exchange -> {
            if (!exchange.request().headers().contains("Upgrade")) {
                exchange.respond(200, "up\n");
                return;
            }
            Connection target = connector.connect(TARGET);
            Connection client = exchange.takeOver();
            client.send(SWITCHING);
            Relay.between(client, target);
        });
    }
}
