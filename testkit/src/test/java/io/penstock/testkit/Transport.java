package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Ways from one connection of ours to another. */
enum Transport {
    TCP,
    UNIX,
    TLS,
    PAIR;

    private static final Certificates AUTHORITY = Certificates.authority();

    Connection.Pair open(Loops loops) throws Exception {
        if (this == PAIR)
            return Connection.pair(loops.all().getFirst(), loops.all().getLast());
        Family family = this == UNIX ? Family.UNIX : Family.TCP;
        var options = this == TLS
                ? ListenerOptions.DEFAULT.withTls(TlsServer.of(AUTHORITY.identity("localhost")))
                : ListenerOptions.DEFAULT;
        var accepted = new CompletableFuture<Connection>();
        Listener.Handler keep = connection -> accepted.complete(connection.transfer(Scope.PROCESS));
        try (var listener = Listener.open(loops, family.unused(), options, keep)) {
            var plain = Endpoint.of(listener.address());
            var client = TlsClient.DEFAULT.withTrust(AUTHORITY.trust()).withServerName("localhost");
            var dialling = Call.start(
                    task -> loops.all().getFirst().spawn("dial", task::run),
                    () -> Connector.of(loops)
                            .connect(this == TLS ? plain.withTls(client) : plain)
                            .transfer(Scope.PROCESS));
            return new Connection.Pair(dialling.value(), accepted.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }
}
