package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Answers the calls of an {@link RpcClient}, thousands of one connection at a time, each as soon as it can: a call is a packet with a length, a
 * number and a body, and its answer one with the same number.
 *
 * <p>Shows: packets on the blocking face; one thread that receives, one for each call; sends of several threads, one after the other.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/RpcServer.java 7000
 * </pre>
 */
public record RpcServer(Answering answering) implements Listener.Handler {
    /** What is answered to the body of a call; may take its time. */
    @FunctionalInterface
    public interface Answering {
        byte[] answer(byte[] body) throws Exception;
    }

    /** Four bytes with the length of the body, eight with the number of the call, and the body: for both sides, in both directions. */
    static final Framing.LengthField FRAMING =
            Framing.lengthField(LengthType.UINT32).withBodyOffset(12).withMaxPacket(1 << 20);

    private static final int NUMBER_AT = 4;
    private static final int BODY_AT = 12;
    private static final int AT_ONCE = 16_384;

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: RpcServer PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        Answering echo = body -> {
            Thread.sleep(ThreadLocalRandom.current().nextInt(100)); // so that the answers are out of order
            return body;
        };
        try (var loops = Loops.open();
                var server = Listener.open(loops, address, new RpcServer(echo))) {
            System.out.println("answering on " + server.address());
            server.join();
        }
    }

    @Override
    public void handle(Connection connection) throws Exception {
        var room = new Semaphore(AT_ONCE); // without it, a client that never waits would fill the memory
        var turn = new Semaphore(1);
        Framed calls = connection.framed(FRAMING);
        for (byte[] call = calls.receive(); call != null; call = calls.receive()) {
            var packet = ByteBuffer.wrap(call);
            room.acquire();
            connection.loop().spawn("rpc call", () -> {
                try {
                    answer(packet, connection, turn);
                } finally {
                    room.release();
                }
            });
        }
        room.acquire(AT_ONCE); // who has ended its half still gets the answers
    }

    private void answer(ByteBuffer call, Connection connection, Semaphore turn) throws Exception {
        ByteBuffer answer;
        try {
            answer = packet(number(call), answering.answer(body(call)));
        } catch (Exception e) {
            connection.abort(); // else the client would wait for ever
            throw e;
        }
        turn.acquire();
        try {
            connection.send(answer);
        } catch (ConnectionException _) {
            // the client has gone, which the receiving thread is told, too
        } finally {
            turn.release();
        }
    }

    static ByteBuffer packet(long number, byte[] body) {
        ByteBuffer head = FRAMING.head(body.length).putLong(NUMBER_AT, number);
        return ByteBuffer.allocate(BODY_AT + body.length).put(head).put(body).flip();
    }

    static long number(ByteBuffer packet) {
        return packet.getLong(NUMBER_AT);
    }

    static byte[] body(ByteBuffer packet) {
        var body = new byte[packet.limit() - BODY_AT];
        packet.get(BODY_AT, body);
        return body;
    }
}
