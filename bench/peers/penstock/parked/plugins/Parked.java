import io.penstock.net.Connector;
import io.penstock.net.Loop;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import io.penstock.net.Timeouts;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens as many connections as the request says, each with a thread that waits to receive; answers when all do. */
public final class Parked implements Plugin {
    private static final Duration LONG = Duration.ofMinutes(10);

    @Override
    public void start(PluginContext penstock) {
        var connector = Connector.of(penstock.loops(), Timeouts.of(LONG, LONG, LONG));
        var address = UnixDomainSocketAddress.of("@SILENT@");
        penstock.route("/", exchange -> {
            int wanted = Integer.parseInt(exchange.request().query().substring("n=".length()));
            var open = new AtomicInteger();
            for (int i = 1; i <= wanted; i++) {
                Loop.current().spawn("parked", () -> {
                    var peer = connector.connect(address);
                    open.incrementAndGet();
                    peer.receive(1);
                });
                if (i % 100 == 0) Thread.sleep(0, 1);
            }
            while (open.get() < wanted) Thread.sleep(10);
            System.gc();
            exchange.respond(200, open + "\n");
        });
    }
}
