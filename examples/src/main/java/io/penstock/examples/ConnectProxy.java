package io.penstock.examples;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayOptions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A forward proxy that opens tunnels, by {@code CONNECT}, to the places it was told and to no others.
 *
 * <p>Shows: dialling before answering, so that a failure still has a status; {@code acceptConnect}; a relay with a limit, which needs no thread.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/ConnectProxy.java 3128 example.com:443
 * curl -x http://127.0.0.1:3128 https://example.com/
 * </pre>
 */
public record ConnectProxy(Connector connector, Set<String> allowed) implements Handler {
    private static final RelayOptions LIMITS = RelayOptions.DEFAULT.withIdle(Duration.ofMinutes(10));

    public static void main(String... arguments) throws Exception {
        if (arguments.length < 2) {
            System.err.println("usage: ConnectProxy PORT HOST:PORT...");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        Set<String> allowed = Arrays.stream(arguments)
                .skip(1)
                .map(place -> place.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, address, new ConnectProxy(Connector.of(loops), allowed))) {
            System.out.println("tunnelling on " + server.address() + " to " + allowed);
            server.join();
        }
    }

    @Override
    public void handle(Exchange exchange) throws ConnectionException {
        if (!exchange.request().method().equals("CONNECT")) {
            exchange.respond(ResponseHead.of(405, Headers.of("Allow", "CONNECT")), new byte[0]);
            return;
        }
        String place = exchange.request().target().toLowerCase(Locale.ROOT);
        if (!allowed.contains(place)) {
            exchange.respond(403, "no tunnel leads to " + place + "\n");
            return;
        }
        Connection origin;
        try {
            int colon = place.lastIndexOf(':');
            origin = connector.connect(place.substring(0, colon), Integer.parseInt(place.substring(colon + 1)));
        } catch (ConnectionException e) {
            exchange.respond(e.reason() == Reason.TIMEOUT ? 504 : 502, place + ": " + e.text() + "\n");
            return;
        }
        Connection client = exchange.acceptConnect(Headers.of());
        Relay.between(client, origin, LIMITS).whenEnded(end -> System.out.println(place + ": " + end));
    }
}
