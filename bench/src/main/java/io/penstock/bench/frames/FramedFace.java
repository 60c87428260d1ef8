package io.penstock.bench.frames;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Loop.Task;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Penstock's blocking face: a virtual thread for each connection. */
final class FramedFace implements Face {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Connector connector = Connector.of(loops);
    private final InetSocketAddress peer;

    FramedFace(InetSocketAddress peer) {
        this.peer = peer;
    }

    @Override
    public void ask(int connections, int inFlight, Round round) {
        spawn(connections, round, () -> {
            try (Connection connection = connector.connect(peer)) {
                long asked = 0;
                while (asked < inFlight) connection.send(Frame.of(asked++));
                for (long answered = 0; answered < asked; answered++) {
                    round.count(receive(connection), answered);
                    if (!round.isOver()) connection.send(Frame.of(asked++));
                }
            }
        });
    }

    @Override
    public void receive(int connections, Round round) {
        spawn(connections, round, () -> {
            try (Connection connection = connector.connect(peer)) {
                for (long next = 0; !round.isOver(); next++) round.count(receive(connection), next % Frame.NUMBERS);
            }
        });
    }

    @Override
    public void connect(int atATime, Round round) {
        spawn(atATime, round, () -> {
            while (!round.isOver()) {
                try (Connection connection = connector.connect(peer)) {
                    connection.send(Frame.of(0));
                    round.count(receive(connection), 0);
                }
            }
        });
    }

    private static long receive(Connection connection) throws Exception {
        int size = ByteBuffer.wrap(connection.receive(Frame.HEADER)).getInt();
        return ByteBuffer.wrap(connection.receive(size)).getLong();
    }

    private void spawn(int count, Round round, Task task) {
        for (int i = 0; i < count; i++) {
            loops.next().spawn("frames-" + i, () -> {
                try {
                    task.run();
                    round.ended();
                } catch (Throwable failure) {
                    round.failed(failure);
                }
            });
        }
    }

    @Override
    public void close() {
        loops.close();
    }
}
