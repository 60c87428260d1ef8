package io.penstock.examples;

import io.penstock.http.HttpServer;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.event.Continuation;
import io.penstock.proxy.Hook;
import io.penstock.proxy.HttpEvent;
import io.penstock.proxy.PluginContext;
import io.penstock.proxy.Proxy;
import io.penstock.proxy.Transaction;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * A hook in continuation style: it is told of a transaction, returns at once, and answers 100 ms later from a timer.
 *
 * <p>Shows: a continuation, its event, a timer of a loop, resuming a transaction.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/ContinuationHook.java 8080
 * curl http://127.0.0.1:8080/
 * </pre>
 */
public final class ContinuationHook {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: ContinuationHook PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        try (var loops = Loops.open();
                var proxy = Proxy.of(loops, List.of())) {
            proxy.start("later", ContinuationHook::register);
            try (var server = HttpServer.listen(loops, address, proxy)) {
                System.out.println("answering later on " + server.address());
                server.join();
            }
        }
    }

    private static void register(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, Continuation.of((self, event) -> {
            if (event instanceof HttpEvent.TransactionHook(var hook, var transaction)) {
                Loop timer = penstock.loops().next();
                timer.schedule(Duration.ofMillis(100), () -> answer(transaction));
            }
        }));
    }

    /** The transaction has been waiting since the continuation was told; every event is resumed exactly once. */
    private static void answer(Transaction transaction) {
        transaction.respond(200, "the answer to " + transaction.request().path() + " came later\n");
        transaction.resume();
    }

    private ContinuationHook() {}
}
