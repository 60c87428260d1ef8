import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** A reply from a handler. */
public final class Hello implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.route("/", exchange -> exchange.respond(200, "hello\n"));
    }
}
