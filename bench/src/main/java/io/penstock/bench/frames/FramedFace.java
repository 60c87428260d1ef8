package io.penstock.bench.frames;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Penstock's blocking face: a virtual thread for each connection. */
final class FramedFace implements Face {
    private static final Framing FRAMING =
            Framing.lengthField(LengthType.UINT32).withBodyOffset(Frame.HEADER).withMaxPacket(Frame.MOST);

    private interface Work {
        void at(InetSocketAddress peer) throws Exception;
    }

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Connector connector = Connector.of(loops);
    private final FarEnd far;

    FramedFace(FarEnd far) {
        this.far = far;
    }

    @Override
    public void ask(int connections, int inFlight, Round round) {
        spawn(connections, round, peer -> {
            try (Connection connection = connector.connect(peer)) {
                Framed frames = connection.framed(FRAMING);
                long asked = 0;
                while (asked < inFlight) connection.send(Frame.of(asked++));
                for (long answered = 0; answered < asked; answered++) {
                    round.count(number(frames), answered);
                    if (!round.isOver()) connection.send(Frame.of(asked++));
                }
            }
        });
    }

    @Override
    public void receive(int connections, Round round) {
        spawn(connections, round, peer -> {
            try (Connection connection = connector.connect(peer)) {
                Framed frames = connection.framed(FRAMING);
                var next = new long[1];
                while (!round.isOver()) {
                    frames.receive(frame -> {
                        round.count(frame.getLong(Frame.HEADER), next[0]++ % Frame.NUMBERS);
                        return true;
                    });
                }
            }
        });
    }

    @Override
    public void connect(int atATime, Round round) {
        spawn(atATime, round, peer -> {
            while (!round.isOver()) {
                try (Connection connection = connector.connect(peer)) {
                    connection.send(Frame.of(0));
                    round.count(number(connection.framed(FRAMING)), 0);
                }
            }
        });
    }

    private static long number(Framed frames) throws IOException {
        byte[] frame = frames.receive();
        if (frame == null) throw new EOFException("the far end has gone");
        return ByteBuffer.wrap(frame).getLong(Frame.HEADER);
    }

    private void spawn(int count, Round round, Work work) {
        for (int i = 0; i < count; i++) {
            InetSocketAddress peer = far.address(i);
            loops.next().spawn("frames-" + i, () -> {
                try {
                    work.at(peer);
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
