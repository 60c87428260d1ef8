package io.penstock.testkit;

import io.penstock.net.AdoptOptions;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.Loops;
import java.nio.channels.ServerSocketChannel;

/** Connections that the C library dialled, by blocking descriptors, and the JDK accepted. */
record AdoptedKind(Family family) implements SocketKind {
    @Override
    public Ends open(Loops loops) throws Exception {
        try (var server = ServerSocketChannel.open(family.protocol())) {
            var address = server.bind(family.unused()).getLocalAddress();
            int descriptor = NativeSocket.connect(address);
            var peer = new SocketPeer(server.accept());
            Family.forget(address);
            var connection = Connection.adopt(descriptor, AdoptOptions.DEFAULT.withLoop(loops.next()));
            return new Ends(connection, peer, () -> {});
        }
    }

    @Override
    public Origin origin() {
        return Origin.ADOPTED;
    }
}
