package io.penstock.bench.frames;

import io.penstock.net.ConnectionException;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientHandler;
import io.penstock.net.client.ClientOptions;
import java.nio.ByteBuffer;
import java.util.function.Supplier;

/** Penstock's callback face: a handler for each client. */
final class ClientFace implements Face {
    private static final ClientOptions OPTIONS = ClientOptions.DEFAULT.withFraming(
            Framing.lengthField(LengthType.UINT32).withBodyOffset(Frame.HEADER).withMaxPacket(Frame.MOST));

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final FarEnd far;

    ClientFace(FarEnd far) {
        this.far = far;
    }

    @Override
    public void ask(int connections, int inFlight, Round round) {
        open(connections, () -> new Asker(inFlight, round));
    }

    @Override
    public void receive(int connections, Round round) {
        open(connections, () -> new Receiver(round));
    }

    @Override
    public void connect(int atATime, Round round) {
        open(atATime, () -> new Visitor(round));
    }

    private void open(int count, Supplier<FrameHandler> handlers) {
        for (int i = 0; i < count; i++) {
            Client.of(loops, OPTIONS, handlers.get()).connect(far.address(i));
        }
    }

    @Override
    public void close() {
        loops.close();
    }

    private abstract static class FrameHandler implements ClientHandler {
        final Round round;

        FrameHandler(Round round) {
            this.round = round;
        }

        static void send(Client client, long number) {
            if (!client.send(Frame.of(number))) throw new IllegalStateException("there is no room to send");
        }

        @Override
        public void onReceive(Client client, ByteBuffer frame) {
            received(client, frame.getLong(Frame.HEADER));
        }

        abstract void received(Client client, long number);

        @Override
        public void onError(Client client, ConnectionException failure) {
            round.failed(failure);
        }

        @Override
        public void onClose(Client client, ClientEnd end) {
            Throwable failure = end.failure();
            if (failure == null) {
                round.ended();
            } else {
                round.failed(failure);
            }
        }
    }

    private static final class Asker extends FrameHandler {
        private final int inFlight;
        private long asked;
        private long answered;

        Asker(int inFlight, Round round) {
            super(round);
            this.inFlight = inFlight;
        }

        @Override
        public void onConnect(Client client) {
            while (asked < inFlight) send(client, asked++);
        }

        @Override
        void received(Client client, long number) {
            round.count(number, answered++);
            if (!round.isOver()) {
                send(client, asked++);
            } else if (answered == asked) {
                client.close();
            }
        }
    }

    private static final class Receiver extends FrameHandler {
        private long next;

        Receiver(Round round) {
            super(round);
        }

        @Override
        void received(Client client, long number) {
            round.count(number, next++ % Frame.NUMBERS);
            if (round.isOver()) client.close();
        }
    }

    private static final class Visitor extends FrameHandler {
        Visitor(Round round) {
            super(round);
        }

        @Override
        public void onConnect(Client client) {
            send(client, 0);
        }

        @Override
        void received(Client client, long number) {
            round.count(number, 0);
            client.close();
        }

        @Override
        public void onClose(Client client, ClientEnd end) {
            if (end.failure() != null || round.isOver()) {
                super.onClose(client, end);
            } else {
                client.connect(client.remoteAddress());
            }
        }
    }
}
