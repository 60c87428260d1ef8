import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;

/** Adds a header to every answer, whoever gives it: an origin, another plugin, or an error page. */
public final class AddHeader implements Plugin {
    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
            transaction.response().headers().set("X-Served-By", "penstock");
        });
    }
}
