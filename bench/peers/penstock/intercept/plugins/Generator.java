import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** A plugin in the place of the server: it reads the request and writes the answer, in HTTP. */
public final class Generator implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> transaction.intercept(Generator::serve));
    }

    private static void serve(Connection client) throws ConnectionException {
        while (!client.receiveLine().isEmpty()) {} // the head
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nCache-Control: private\r\n\r\nxxxxxxxxxxxx");
    }
}
