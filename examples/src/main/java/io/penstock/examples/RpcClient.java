package io.penstock.examples;

import io.penstock.net.ConnectionException;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.client.Client;
import io.penstock.net.client.ClientEnd;
import io.penstock.net.client.ClientHandler;
import io.penstock.net.client.ClientOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Calls an {@link RpcServer}, any number of times at once over one connection; answers come as they are ready, not in the order of the calls.
 *
 * <p>Shows: the same {@code Framing} as on the blocking face of the server, futures out of callbacks, and what becomes of them when the
 * connection ends.
 *
 * <p>Any thread may call. On a virtual thread {@code call(body).join()} is a call that blocks; {@code orTimeout} bounds it.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/RpcClient.java 127.0.0.1 7000 10000
 * </pre>
 */
public final class RpcClient implements AutoCloseable {
    private final Client client;
    private final Map<Long, CompletableFuture<byte[]>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong lastNumber = new AtomicLong();
    private final CompletableFuture<RpcClient> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private RpcClient(Loops loops) {
        client = Client.of(loops, ClientOptions.DEFAULT.withFraming(RpcServer.FRAMING), new Answers());
    }

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: RpcClient HOST PORT CALLS");
            System.exit(2);
        }
        var server = Endpoint.of(arguments[0], Integer.parseInt(arguments[1]));
        int calls = Integer.parseInt(arguments[2]);
        try (var loops = Loops.open();
                var rpc = connect(loops, server).join()) {
            var answers = new ArrayList<CompletableFuture<byte[]>>();
            long begun = System.nanoTime();
            for (int i = 0; i < calls; i++) answers.add(rpc.call(new byte[64]));
            for (var answer : answers) answer.join();
            System.out.println(calls + " calls in " + (System.nanoTime() - begun) / 1_000_000 + " ms");
        }
    }

    /** A client that is connected, when it is. */
    public static CompletableFuture<RpcClient> connect(Loops loops, Endpoint server) {
        var rpc = new RpcClient(loops);
        rpc.client.connect(server);
        return rpc.opened;
    }

    /**
     * Calls the server; never waits.
     *
     * @return the body of the answer. Fails when the connection ends before it has come, or could not take the call. Who has no
     *     more use for it cancels it
     * @throws IllegalArgumentException when the body is too long
     */
    public CompletableFuture<byte[]> call(byte[] body) {
        long number = lastNumber.incrementAndGet();
        ByteBuffer call = RpcServer.packet(number, body);
        var answer = new CompletableFuture<byte[]>();
        waiting.put(number, answer);
        answer.whenComplete((_, _) -> waiting.remove(number));
        try {
            if (!client.send(call)) throw new RejectedExecutionException("the server takes less than it is called");
        } catch (RejectedExecutionException | IllegalStateException e) {
            answer.completeExceptionally(e);
        }
        return answer;
    }

    /** How many calls have been sent and not been answered. */
    int inFlight() {
        return waiting.size();
    }

    /** Ends the connection; calls that were not answered fail. */
    @Override
    public void close() {
        client.close();
        ended.join();
    }

    /** What the server sends; all of it is told on one thread. */
    private final class Answers implements ClientHandler {
        @Override
        public void onConnect(Client client) {
            opened.complete(RpcClient.this);
        }

        @Override
        public void onReceive(Client client, ByteBuffer packet) {
            var answer = waiting.get(RpcServer.number(packet));
            if (answer != null) answer.complete(RpcServer.body(packet)); // else the caller has given up
        }

        @Override
        public void onError(Client client, ConnectionException failure) {
            opened.completeExceptionally(failure);
            ended.complete(null);
        }

        @Override
        public void onClose(Client client, ClientEnd end) {
            var failure = new IOException("the connection has ended: " + end.cause(), end.failure());
            for (var answer : waiting.values()) answer.completeExceptionally(failure);
            ended.complete(null);
        }
    }
}
