package io.penstock.testkit.cosocket;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Datagrams;
import io.penstock.net.Delimited;
import io.penstock.net.Input;
import io.penstock.net.KeepAlive;
import io.penstock.net.Released;
import io.penstock.net.Timeouts;
import io.penstock.net.Until;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What stands for a cosocket object: a place for one connection of ours at a time, and its timeouts. */
final class Held {
    /** There is no connection to call. */
    static final class Nothing extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** A connection that was released was closed instead of kept. */
    static final class NotKept extends Exception {
        private static final long serialVersionUID = 1L;
        private final Released became;

        NotKept(Released became) {
            this.became = became;
        }

        Released became() {
            return became;
        }
    }

    private static final Duration DEFAULT = Duration.ofSeconds(5);

    private final Dialling dialling;
    private final @Nullable Requested requested;
    private final AtomicInteger underWay = new AtomicInteger();
    private volatile Timeouts limits = Timeouts.of(DEFAULT, DEFAULT, DEFAULT);
    private final Map<String, Delimited> iterators = new ConcurrentSkipListMap<>();
    private volatile @Nullable Connection connection;
    private volatile @Nullable Input body;
    private volatile @Nullable Datagrams datagrams;

    Held(Dialling dialling, @Nullable Requested requested) {
        this.dialling = dialling;
        this.requested = requested;
    }

    /** Does a step; what it answered, or null where the answer is that something is over. */
    @Nullable
    String perform(Step step) throws Exception {
        underWay.incrementAndGet();
        try {
            return performed(step);
        } finally {
            underWay.decrementAndGet();
        }
    }

    /** What a datagram socket does. */
    private String datagram(Datagrams socket, Step step) throws ConnectionException {
        return switch (step) {
            case Step.Send(var parts) ->
                String.valueOf(socket.send(String.join("", parts).getBytes(StandardCharsets.ISO_8859_1)));
            case Step.Flood(var size) -> String.valueOf(socket.send(new byte[size]));
            case Step.Receive(var size) -> text(socket.receive(size).data());
            case Step.Plain.LINE -> text(socket.receive().data());
            case Step.Limits to -> {
                socket.timeouts(timeouts(to));
                yield "";
            }
            case Step.Plain.CLOSE -> {
                socket.close();
                yield "1";
            }
            default -> throw new AssertionError("not a step of a datagram socket: " + step);
        };
    }

    private @Nullable String performed(Step step) throws Exception {
        Datagrams socket = datagrams;
        if (step instanceof Step.Connected to) {
            if (socket != null) socket.close();
            datagrams = dialling.datagrams(to);
            return "1";
        }
        if (socket != null) return datagram(socket, step);
        return switch (step) {
            case Step.Connect to -> connect(to);
            case Step.Limits to -> limit(to);
            case Step.Send send ->
                send(send.parts().stream()
                        .map(part -> ByteBuffer.wrap(part.getBytes(StandardCharsets.ISO_8859_1)))
                        .toArray(ByteBuffer[]::new));
            case Step.Flood flood ->
                send(ByteBuffer.wrap("x".repeat(flood.size()).getBytes(StandardCharsets.ISO_8859_1)));
            case Step.Receive receive -> text(input().receive(receive.size()));
            case Step.Any any -> text(input().receiveAny(any.max()));
            case Step.Gather gather -> gather(gather.size());
            case Step.Until until -> until(until);
            case Step.Next next -> next(next);
            case Step.Keep keep -> release(keep);
            case Step.Request request -> take(request);
            case Step.Print print -> {
                request().print(print.text());
                yield "1";
            }
            case Step.Plain.LINE -> text(input().receiveLine().getBytes(StandardCharsets.UTF_8));
            case Step.Plain.ALL -> text(input().receiveAll());
            case Step.Plain.REUSED -> String.valueOf(open().stats().reused());
            case Step.Plain.CLOSE -> {
                open().close();
                yield "1";
            }
            case Step.Connected _,
                    Step.Use _,
                    Step.Spawn _,
                    Step.Join _,
                    Step.Kill _,
                    Step.Tell _,
                    Step.Await _,
                    Step.Pause _,
                    Step.Within _ -> throw new AssertionError("not a step of a socket: " + step);
        };
    }

    /** A cosocket closes its connection when it connects again; while it is busy it refuses, and a connection of ours has no connect at all. */
    private String connect(Step.Connect to) throws Exception {
        if (underWay.get() > 1) throw new Nothing();
        Connection before = connection;
        connection = null;
        if (before != null) before.close();
        Connection opened = dialling.connect(to, limits);
        opened.timeouts(limits);
        connection = opened;
        return "1";
    }

    private static Timeouts timeouts(Step.Limits to) {
        return Timeouts.of(Duration.ofMillis(to.connect()), Duration.ofMillis(to.read()), Duration.ofMillis(to.send()));
    }

    private String limit(Step.Limits to) {
        limits = timeouts(to);
        Connection now = connection;
        if (now != null) now.timeouts(limits);
        if (body != null) request().timeouts(limits);
        return "";
    }

    private String send(ByteBuffer... parts) throws Exception {
        long sent = open().send(parts);
        open().flush();
        return String.valueOf(sent);
    }

    private String gather(int size) throws Exception {
        var all = new StringBuilder();
        try {
            while (all.length() < size) all.append(text(input().receiveAny(size - all.length())));
        } catch (ConnectionException e) {
            throw e.withPartial((all + text(e.partial())).getBytes(StandardCharsets.ISO_8859_1));
        }
        return all.toString();
    }

    /** A cosocket's iterator works on whatever connection its object has; ours belongs to the input it was made of. */
    private String until(Step.Until until) throws Nothing {
        Until options = until.inclusive() ? Until.INCLUSIVE : Until.DEFAULT;
        byte[] delimiter = until.pattern().getBytes(StandardCharsets.ISO_8859_1);
        iterators.put(until.iterator(), input().receiveUntil(delimiter, options));
        return "";
    }

    private @Nullable String next(Step.Next next) throws Exception {
        Delimited iterator = iterators.get(next.iterator());
        if (iterator == null) throw new Nothing();
        byte[] piece = next.size() == 0 ? iterator.next() : iterator.next(next.size());
        return piece == null ? null : text(piece);
    }

    private String release(Step.Keep keep) throws Exception {
        Duration idle = keep.idle() == 0 ? Duration.ofHours(1) : Duration.ofMillis(keep.idle());
        Released became = open().release(KeepAlive.DEFAULT.withIdle(idle));
        connection = null;
        if (became != Released.KEPT) throw new NotKept(became);
        return "1";
    }

    private String take(Step.Request step) throws ConnectionException {
        Connection taken = switch (step.part()) {
            case BODY -> null;
            case RAW -> request().raw();
            case TAKEN_OVER -> request().takenOver();
        };
        if (taken == null) {
            body = request().body();
            request().timeouts(limits);
        } else {
            taken.timeouts(limits);
            body = null;
            connection = taken;
        }
        return "";
    }

    private Requested request() {
        return Objects.requireNonNull(requested, "only a downstream script has a request");
    }

    private Input input() throws Nothing {
        Input given = body;
        return given != null ? given : open();
    }

    private Connection open() throws Nothing {
        Connection now = connection;
        if (now == null) throw new Nothing();
        return now;
    }

    /** As at the end of a request. */
    void end() {
        Datagrams socket = datagrams;
        if (socket != null) socket.close();
        Connection now = connection;
        if (now == null) return;
        try {
            now.close();
        } catch (ConnectionException _) {
            now.abort();
        }
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
