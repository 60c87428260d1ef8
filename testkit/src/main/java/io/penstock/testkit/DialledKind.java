package io.penstock.testkit;

import io.penstock.net.Connection.Origin;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import java.nio.channels.ServerSocketChannel;

/** Connections out of our connector, accepted by the JDK. */
record DialledKind(Family family) implements SocketKind {
    @Override
    public Ends open(Loops loops) throws Exception {
        try (var server = ServerSocketChannel.open(family.protocol())) {
            var address = server.bind(family.unused()).getLocalAddress();
            var dialling = Call.start(
                    task -> loops.next().spawn("dial", task::run),
                    () -> Connector.of(loops).connect(address));
            // first: an accept would wait for ever for a connection that failed
            var connection = dialling.value();
            var peer = new SocketPeer(server.accept());
            Family.forget(address);
            return new Ends(connection, peer, () -> {});
        }
    }

    @Override
    public Origin origin() {
        return Origin.DIALLED;
    }
}
