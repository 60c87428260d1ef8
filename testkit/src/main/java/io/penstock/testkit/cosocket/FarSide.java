package io.penstock.testkit.cosocket;

import io.penstock.testkit.Await;
import io.penstock.testkit.Peer;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Does the acts of a script, each connection on a thread of its own. */
final class FarSide implements AutoCloseable {
    private final Scene scene;
    private final List<List<Act>> connections;
    private final AtomicInteger next = new AtomicInteger();
    private final CountDownLatch busy;
    private final List<Peer> peers = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    FarSide(Scene scene) {
        this.scene = scene;
        connections = scene.script().connections();
        busy = new CountDownLatch(
                (int) connections.stream().filter(acts -> !acts.isEmpty()).count());
    }

    void accept(ServerSocketChannel listener) {
        start("far side accepts", () -> {
            while (!closed) serve(Peer.of(listener.accept()), "");
        });
    }

    void dial(SocketAddress server, String query) {
        for (int i = 0; i < connections.size(); i++) {
            start("far side dials", () -> serve(Peer.of(SocketChannel.open(server)), query));
        }
    }

    /** Does the acts of the next connection. */
    void serve(Peer peer, String query) {
        peers.add(peer);
        int number = next.getAndIncrement();
        if (number >= connections.size()) return;
        List<Act> acts = connections.get(number);
        start("far side " + number, () -> {
            for (int i = 0; i < acts.size(); i++) {
                perform(peer, acts.get(i), "far %d.%02d".formatted(number, i + 1), query);
            }
            if (!acts.isEmpty()) busy.countDown();
        });
    }

    private void perform(Peer peer, Act act, String id, String query) throws IOException {
        switch (act) {
            case Act.Send send -> send(peer, send, query);
            case Act.Expect expect -> scene.came(id, read(peer, expect.text().length()));
            case Act.Tell tell -> scene.tell(tell.label());
            case Act.Await await -> scene.await(await.label());
            case Act.Plain.READ_ALL -> scene.came(id, read(peer, Integer.MAX_VALUE));
            case Act.Plain.READ_STATUSES ->
                scene.came(
                        id,
                        new Outcome.Done(statuses(read(peer, Integer.MAX_VALUE).value())));
            case Act.Plain.DRAIN -> read(peer, Integer.MAX_VALUE);
            case Act.Plain.HALF_CLOSE -> peer.halfClose();
            case Act.Plain.RESET -> peer.reset();
            case Act.Plain.CLOSE -> peer.close();
        }
    }

    /** Whether anybody takes it is the near side's to tell. */
    private static void send(Peer peer, Act.Send send, String query) {
        try {
            peer.send(bytes(send.text().replace("{run}", query)), send.cut());
        } catch (IOException _) {
            // the near side has gone
        }
    }

    /** What comes, and how it ends when it ends before its time. */
    private static Outcome.Done read(Peer peer, int count) {
        var all = new StringBuilder();
        try {
            while (all.length() < count) {
                ByteBuffer into = ByteBuffer.allocate(Math.min(64 * 1024, count - all.length()));
                if (peer.read(into) < 0) return new Outcome.Done(all + "|end");
                all.append(StandardCharsets.ISO_8859_1.decode(into.flip()));
            }
            return new Outcome.Done(all.toString());
        } catch (IOException _) {
            return new Outcome.Done(all + "|reset");
        }
    }

    private static String statuses(String read) {
        return Pattern.compile("HTTP/1\\.1 (\\d{3}) ")
                .matcher(read)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.joining(" "));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private interface Work {
        void run() throws IOException;
    }

    private void start(String name, Work work) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                work.run();
            } catch (IOException | RuntimeException | AssertionError e) {
                if (!closed) scene.came("far problem of " + name, new Outcome.Done(String.valueOf(e)));
            }
        });
    }

    /** Waits until all acts are done. */
    void join() {
        try {
            if (busy.await(Await.LIMIT.toNanos(), TimeUnit.NANOSECONDS)) return;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        throw new AssertionError("the far side has not done everything; so far: " + scene.outcomes());
    }

    @Override
    public void close() throws IOException {
        closed = true;
        for (Peer each : peers) each.close();
    }
}
