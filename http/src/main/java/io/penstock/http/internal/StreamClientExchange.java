package io.penstock.http.internal;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.ClientExchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakenOverException;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.BufferedInput;
import io.penstock.net.internal.StreamConnection;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One request and its answer on a client's connection. */
public final class StreamClientExchange implements ClientExchange {
    /** Interim responses that have more bytes altogether announce nothing. */
    private static final int MOST_INTERIM = 64 * 1024;

    /** How long the rest of an answer that nobody read may take to come. */
    private static final Duration DRAINING = Duration.ofSeconds(5);

    private final StreamConnection connection;
    private final BufferedInput wire;
    private final Codec codec;
    private @Nullable String method;
    private volatile @Nullable MessageOutput output;
    private volatile @Nullable MessageBody body;
    private volatile boolean firstByteSeen;
    private volatile boolean closed;
    private volatile boolean persistent = true;

    /** Its stack is where the connection was taken over; null as long as it was not. */
    private final AtomicReference<@Nullable Throwable> taken = new AtomicReference<>();

    private StreamClientExchange(StreamConnection connection) {
        this.connection = connection;
        this.wire = connection.input();
        this.codec = Codec.of(connection);
    }

    /** What reads and writes heads; it stays with the connection, from exchange to exchange and from user to user. */
    private record Codec(HeadEncoder encoder, HeadReader reader) {
        static Codec of(StreamConnection connection) {
            if (connection.attachment() instanceof Codec kept) {
                kept.reader.turnTo(connection.input());
                return kept;
            }
            var made = new Codec(new HeadEncoder(), new HeadReader(connection.input(), HeadLimits.OF_ANSWERS));
            connection.attach(made);
            return made;
        }
    }

    public static ClientExchange on(Connection connection) {
        return new StreamClientExchange(StreamConnection.of(connection));
    }

    @Override
    public BodyOutput send(RequestHead head, long bodyLength) throws ConnectionException {
        if (method != null) throw new IllegalStateException("the exchange has sent its request already");
        if (bodyLength < CHUNKED) throw new IllegalArgumentException("not the length of a body: " + bodyLength);
        method = head.method();
        Headers headers = head.headers();
        HeadEncoder encoder = codec.encoder();
        encoder.requestLine(head).fields(headers, HeadEncoder.FRAMING | HeadEncoder.LENGTH);
        if (bodyLength == CHUNKED) {
            encoder.raw(HeadEncoder.CHUNKED);
        } else if (bodyLength > 0 || announcesBody(head)) {
            encoder.contentLength(bodyLength);
        }
        boolean last = headers.containsToken(HeaderNames.CONNECTION, "close");
        if (last) persistent = false;
        encoder.connection(last, headers.contains(HeaderNames.TE), headers.contains(HeaderNames.UPGRADE));
        MessageOutput opened = bodyLength == CHUNKED
                ? new ChunkedOutput(connection.output())
                : new SizedOutput(bodyLength, connection.output());
        encoder.end().sendTo(connection.output());
        if (bodyLength == NO_BODY) opened.finish();
        output = opened;
        return opened;
    }

    /** Whether servers expect to be told that there is no body (RFC 9110 §8.6). */
    private static boolean announcesBody(RequestHead head) {
        return switch (head.method()) {
            case "POST", "PUT", "PATCH" -> true;
            default -> head.headers().contains(HeaderNames.CONTENT_LENGTH);
        };
    }

    @Override
    public BodyOutput output() {
        BodyOutput opened = output;
        if (opened == null) throw new IllegalStateException("no request has been sent");
        return opened;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public ResponseHead receiveHead(Interim interim) throws ConnectionException {
        String asked = method;
        if (asked == null) throw new IllegalStateException("no request has been sent, there will be no answer");
        if (body != null) throw new IllegalStateException("the head of the answer has been received already");
        if (!wire.ready()) throw failure(Reason.EOF, "the server closed the connection before it answered");
        firstByteSeen = true;
        HeadReader heads = codec.reader();
        try {
            ResponseHead head = receiveHead(heads);
            for (long bytes = heads.length(); head.isInterim(); bytes += heads.length()) {
                if (bytes > MOST_INTERIM)
                    throw BadMessage.malformed("the interim responses have more than " + MOST_INTERIM + " bytes");
                interim.received(head);
                head = receiveHead(heads);
            }
            BodyLength length = Framing.ofResponse(head, asked);
            body = MessageBody.of(length, wire, connection.remoteAddress(), HeadLimits.OF_ANSWERS, Long.MAX_VALUE);
            if (length instanceof BodyLength.UntilClose
                    || head.status() == 101
                    || asked.equals("CONNECT")
                    || !Framing.keepsAlive(head.version(), head.headers())) {
                persistent = false;
            }
            return head;
        } catch (BadMessage e) {
            persistent = false;
            throw failure(Reason.MALFORMED, "the head of the answer: " + e.reason());
        }
    }

    private ResponseHead receiveHead(HeadReader heads) throws BadMessage, ConnectionException {
        heads.begin();
        ResponseHead head = heads.parseResponse();
        while (head == null) {
            if (!heads.more())
                throw failure(Reason.EOF, "the server closed the connection within the head of its answer");
            head = heads.parseResponse();
        }
        return head;
    }

    @Override
    public Body body() {
        return received();
    }

    private MessageBody received() {
        MessageBody opened = body;
        if (opened == null)
            throw new IllegalStateException("the head of the answer has not been received: call receiveHead() first");
        return opened;
    }

    @Override
    public boolean firstByteSeen() {
        return firstByteSeen;
    }

    @Override
    public boolean reusable() {
        BodyOutput sent = output;
        MessageBody received = body;
        return persistent
                && taken.get() == null
                && sent != null
                && sent.isFinished()
                && received != null
                && received.isComplete()
                && received.buffered() == 0
                && wire.buffered() == 0
                && connection.isOpen();
    }

    @Override
    public Connection takeOver(UnreadBody unread) throws ConnectionException {
        MessageBody answer = received();
        MessageOutput request = Objects.requireNonNull(output); // or there would be no answer
        if (closed) throw new IllegalStateException(this + " was closed, and has nothing to take over any more");
        var place = new Throwable("the connection was taken over");
        if (!taken.compareAndSet(null, place)) throw takenOver();
        boolean done = false;
        try {
            if (!request.isFinished()) {
                throw new IllegalStateException("the body of the request in " + this
                        + " was not sent to its end, and the server cannot tell it from what follows: finish it first");
            }
            settle(answer, unread);
            StreamConnection raw = answer.giveUp(() -> connection.passOn(place));
            raw.attach(null);
            request.takenOver(this::takenOver);
            done = true;
            return raw;
        } finally {
            if (!done) taken.set(null);
        }
    }

    /** A body without framing cannot be mistaken for something else: it is the stream. */
    private void settle(MessageBody answer, UnreadBody unread) throws ConnectionException {
        if (answer.endsWithConnection()) return;
        try (var _ = unread instanceof UnreadBody.Drain ? connection.deadlineWithin(DRAINING) : null) {
            TakeOver.settle(answer, unread, this);
        }
    }

    private TakenOverException takenOver() {
        Throwable where = taken.get();
        return new TakenOverException("the connection of " + this + " was taken over already"
                + (where == null ? "" : ", at " + Caller.of(where)));
    }

    @Override
    public void close() {
        closed = true;
        MessageBody received = body;
        if (received != null && !received.retire()) connection.abort();
    }

    @Override
    public String toString() {
        return "the exchange on " + connection;
    }

    private ConnectionException failure(Reason reason, String text) {
        return ConnectionException.of(reason, Phase.READ, connection.remoteAddress(), text, null);
    }
}
