package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Connections out of our listener, dialled by the JDK. */
record AcceptedKind(Family family) implements SocketKind {
    @Override
    public Ends open(Loops loops) throws Exception {
        var accepted = new CompletableFuture<Connection>();
        var ended = new CountDownLatch(1);
        Listener.Handler hold = connection -> {
            accepted.complete(connection);
            ended.await();
        };
        try (var listener = Listener.open(loops, family.unused(), hold)) {
            var peer = new SocketPeer(SocketChannel.open(listener.address()));
            return new Ends(accepted.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS), peer, ended::countDown);
        }
    }

    @Override
    public Origin origin() {
        return Origin.ACCEPTED;
    }
}
