import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** Answers {@code GET /hello?name} by itself, without an origin. */
public final class Hello implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.route("/hello", exchange -> {
            String name = exchange.request().query();
            exchange.respond(200, "Hello, " + (name == null ? "world" : name) + "!\n");
        });
    }
}
