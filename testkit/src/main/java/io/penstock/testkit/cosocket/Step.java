package io.penstock.testkit.cosocket;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a script does to a cosocket, and to a connection of ours.
 *
 * <p>A step acts on the socket that the last {@link Use} of its thread named, at first {@code a}. Bytes are written as Latin-1 text.
 * Steps marked as silent have no outcome to compare.
 */
public sealed interface Step {
    /** Whom to connect to. */
    enum Target {
        /** The scripted origin, over TCP. */
        ORIGIN,
        /** The same origin, but named {@code localhost}. */
        ORIGIN_BY_NAME,
        /** The scripted origin, over a UNIX socket. */
        UNIX,
        /** A port that nobody listens on. */
        REFUSED,
        /** A listener whose backlog is full: the connect gets no answer. */
        BLACK_HOLE,
        /** The path of a UNIX socket that is not there. */
        NO_FILE,
        /** The scripted far side, over UDP. */
        UDP
    }

    /** Steps that need nothing. */
    enum Plain implements Step {
        LINE,
        ALL,
        CLOSE,
        REUSED
    }

    /**
     * Connects.
     *
     * @param pool the name of the pool; null for the peer's default
     * @param size of the pool; 0 for not given
     * @param backlog of the pool; -1 for not given
     */
    record Connect(Target target, @Nullable String pool, int size, int backlog) implements Step {}

    /** Opens a datagram socket to one peer. */
    record Connected(Target target) implements Step {}

    /** Sets the three timeouts in ms. */
    record Limits(int connect, int send, int read) implements Step {}

    /** A step with a timeout that it is meant to run into, in ms. */
    record Within(int millis, Step step) implements Step {}

    /** Sends one string, or several as one. */
    record Send(List<String> parts) implements Step {}

    /** Sends so many bytes. */
    record Flood(int size) implements Step {}

    record Receive(int size) implements Step {}

    record Any(int max) implements Step {}

    /** {@code Any} again and again until so many bytes have come; how they are cut is nobody's business. */
    record Gather(int size) implements Step {}

    /** Makes an iterator. Silent. */
    record Until(String iterator, String pattern, boolean inclusive) implements Step {}

    /**
     * Calls an iterator.
     *
     * @param size 0 for none
     */
    record Next(String iterator, int size) implements Step {}

    /**
     * Gives the connection to the pool.
     *
     * @param idle ms; 0 for any time
     * @param size of the pool where it is made now; 0 for not given
     */
    record Keep(int idle, int size) implements Step {}

    /** What there is to take of a request. */
    enum Part {
        BODY,
        /** Its connection, with the unread body in front. */
        RAW,
        /** Its connection, by our default; for the peer the same. */
        TAKEN_OVER
    }

    /** Takes a part of the request. */
    record Request(Part part) implements Step {}

    /** Answers the request. */
    record Print(String text) implements Step {}

    /** Uses another socket from now on. Silent. */
    record Use(String socket) implements Step {}

    /** Starts a thread, and goes on when it waits. Silent. */
    record Spawn(String thread, List<Step> steps) implements Step {}

    /** Waits for a thread. Silent. */
    record Join(String thread) implements Step {}

    /** Kills a thread. Silent. */
    record Kill(String thread) implements Step {}

    /** Tells the far side. Silent. */
    record Tell(String label) implements Step {}

    /** Waits until somebody has told it, and everything that came before has arrived. Silent. */
    record Await(String label) implements Step {}

    /** Lets time pass, in ms. Only for timeouts that must not fire: nothing tells that, so no condition can stand for it. Silent. */
    record Pause(int millis) implements Step {}

    /** Longer than anything may take that is not meant to time out, in ms. */
    int PATIENCE = 5000;

    /** The steps without {@link Within}, which is three. */
    static List<Step> plain(Step... steps) {
        return Stream.of(steps)
                .flatMap(step -> step instanceof Within(var millis, var inner)
                        ? Stream.of(limit(millis), inner, limit(PATIENCE))
                        : Stream.of(step))
                .toList();
    }

    // ---- in the words of a script

    static Step connect() {
        return connect(Target.ORIGIN);
    }

    static Step connect(Target target) {
        return new Connect(target, null, 0, -1);
    }

    static Step connect(String pool, int size, int backlog) {
        return new Connect(Target.ORIGIN, pool, size, backlog);
    }

    static Step connect(int size, int backlog) {
        return new Connect(Target.ORIGIN, null, size, backlog);
    }

    /** A datagram socket to the far side: {@code setpeername}. */
    static Step connectedTo(Target target) {
        return new Connected(target);
    }

    /** The step with a timeout that it is meant to run into, in ms. */
    static Step within(int millis, Step step) {
        return new Within(millis, step);
    }

    /** One timeout for everything, in ms. */
    static Step limit(int all) {
        return new Limits(all, all, all);
    }

    static Step limits(int connect, int send, int read) {
        return new Limits(connect, send, read);
    }

    static Step send(String... parts) {
        return new Send(List.of(parts));
    }

    static Step flood(int size) {
        return new Flood(size);
    }

    static Step line() {
        return Plain.LINE;
    }

    static Step receive(int size) {
        return new Receive(size);
    }

    static Step all() {
        return Plain.ALL;
    }

    static Step any(int max) {
        return new Any(max);
    }

    static Step gather(int size) {
        return new Gather(size);
    }

    static Step until(String iterator, String pattern) {
        return new Until(iterator, pattern, false);
    }

    static Step untilInclusive(String iterator, String pattern) {
        return new Until(iterator, pattern, true);
    }

    static Step next(String iterator) {
        return new Next(iterator, 0);
    }

    static Step next(String iterator, int size) {
        return new Next(iterator, size);
    }

    static Step close() {
        return Plain.CLOSE;
    }

    static Step keep() {
        return new Keep(0, 0);
    }

    static Step keep(int idle, int size) {
        return new Keep(idle, size);
    }

    static Step reused() {
        return Plain.REUSED;
    }

    static Step body() {
        return new Request(Part.BODY);
    }

    static Step raw() {
        return new Request(Part.RAW);
    }

    static Step takeOver() {
        return new Request(Part.TAKEN_OVER);
    }

    static Step print(String text) {
        return new Print(text);
    }

    static Step use(String socket) {
        return new Use(socket);
    }

    static Step spawn(String thread, Step... steps) {
        return new Spawn(thread, plain(steps));
    }

    static Step join(String thread) {
        return new Join(thread);
    }

    static Step kill(String thread) {
        return new Kill(thread);
    }

    static Step tell(String label) {
        return new Tell(label);
    }

    static Step await(String label) {
        return new Await(label);
    }

    static Step pause(int millis) {
        return new Pause(millis);
    }
}
