package io.penstock.testkit.cosocket;

import io.penstock.testkit.cosocket.Outcome.Absent;
import io.penstock.testkit.cosocket.Outcome.Done;
import io.penstock.testkit.cosocket.Outcome.Failed;
import io.penstock.testkit.cosocket.Outcome.Misused;
import io.penstock.testkit.cosocket.Outcome.Over;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * Where we do something else than the peer, on purpose: the whole list.
 *
 * <p>A script names those it shows. A difference that no script shows is no longer one, and one that is not here is a mistake. The
 * table in {@code docs/coming-from-openresty.md} is made of it.
 */
public enum IntendedDifference {
    ONE_CR_OF_A_LINE(
            "receive()",
            "removes every CR of a line",
            "removes the one before LF",
            "a CR inside a line is data; HTTP and SMTP lose bytes otherwise",
            (peer, ours) -> bytes(peer).equals(bytes(ours).replace("\r", ""))
                    && bytes(ours).contains("\r")),
    NO_OBJECT_WITHOUT_CONNECTION(
            "any call before connect, or after a failed one; use after setkeepalive",
            "answers `closed`, or busy",
            "there is no object to call",
            "what does not exist cannot be misused. But beware: a connection that was released is its next user's, and whoever still uses it then is not stopped",
            (peer, ours) -> (peer instanceof Failed || peer.equals(new Done("0"))) && ours instanceof Absent),
    CLOSE_TWICE(
            "close()",
            "answers `closed` the second time, or after an error",
            "does nothing",
            "closing is idempotent, so that try-with-resources and cleaning up need no check",
            (peer, ours) -> peer.equals(new Failed("closed", "")) && ours.equals(new Done("1"))),
    CLOSE_ENDS_A_WAIT(
            "close() while another thread receives or sends",
            "is refused as busy",
            "ends the connection; the other thread gets `CLOSED`",
            "whoever owns a connection can always end it",
            (peer, ours) -> isBusy(peer) && ours.equals(new Done("1"))
                    || peer instanceof Done && isFailed(ours, "CLOSED", "")
                    || peer instanceof Done && ours.equals(new Done("|reset"))),
    CLOSE_IS_IN_ORDER(
            "close() with unread input",
            "the far side sees a reset",
            "the far side sees the end",
            "what was sent before is not destroyed because something else was not read",
            (peer, ours) -> peer.equals(new Done("|reset")) && ours.equals(new Done("|end"))),
    THE_REASON_STAYS(
            "any call behind a reset",
            "answers `closed`",
            "fails for the same reason again: `RESET`",
            "what comes second is what is logged; it should say what happened",
            (peer, ours) -> peer.equals(new Failed("closed", "")) && isFailed(ours, "RESET", "")),
    NOTHING_IS_ALWAYS_THERE(
            "receive(0) and receive(\"*a\") behind the end of the stream",
            "answers `closed`",
            "succeeds",
            "no bytes are there whatever happens; that nothing follows is what `receiveAll` waits for",
            (peer, ours) -> peer.equals(new Failed("closed", "")) && ours.equals(new Done(""))),
    THE_INTERRUPTED_ARE_TOLD(
            "ngx.thread.kill",
            "the thread is gone",
            "`Thread.interrupt`: the thread gets `INTERRUPTED` with what it had received, and both halves are closed",
            "Java threads are not killed",
            (peer, ours) -> peer.equals(Comparison.MISSING)
                    && ours instanceof Failed(var reason, var _)
                    && reason.equals("INTERRUPTED")),
    HALF_MATCH_AT_THE_END(
            "receiveuntil, at the end of the stream",
            "loses the bytes that had matched in vain",
            "has them in `partial()`",
            "no byte is lost",
            (peer, ours) -> peer instanceof Failed(var reason, var before)
                    && reason.equals("closed")
                    && ours instanceof Failed(var ended, var partial)
                    && ended.equals("EOF")
                    && partial.length() > before.length()
                    && partial.startsWith(before)) {
        @Override
        boolean explains(Outcome peer, Outcome ours, String delimiter) {
            if (!super.explains(peer, ours, delimiter)) return false;
            String surplus = bytes(ours).substring(bytes(peer).length());
            return surplus.length() < delimiter.length() && delimiter.startsWith(surplus);
        }
    },
    HALF_MATCH_AND_ANOTHER_METHOD(
            "receiveuntil, then another method or iterator",
            "holds back what may be the beginning of the pattern, and gives it late or never (until 0.10.25)",
            "leaves it in front of the stream, for whoever receives next",
            "no byte is lost, and none is moved",
            (peer, ours) -> !(peer instanceof Misused)) {
        @Override
        boolean isStated() {
            return true;
        }
    },
    AN_ITERATOR_KEEPS_ITS_CONNECTION(
            "an iterator of receiveuntil, after another connect",
            "works on the new connection",
            "belongs to the connection it was made of: `CLOSED`",
            "it cannot read what was not meant for it",
            (peer, ours) -> peer instanceof Done && isFailed(ours, "CLOSED", "")),
    NAMES_OF_THE_SYSTEM(
            "connect to a name",
            "needs the directive `resolver`, and knows no hosts file",
            "asks the hosts file and the name servers of the system",
            "`localhost` is a name like any other",
            (peer, ours) -> peer instanceof Failed(var reason, var _)
                    && reason.startsWith("no resolver defined")
                    && ours.equals(new Done("1"))),
    THE_END_OF_A_PART_IS_TOLD(
            "a sized iterator that has come to the pattern, when the stream has ended meanwhile",
            "answers `closed`",
            "answers null, that the part is over, and then `EOF`",
            "that a part is complete is not lost because nothing follows it",
            (peer, ours) -> peer.equals(new Failed("closed", "")) && ours instanceof Over),
    COUNTS_OUTLIVE_THE_CONNECTION(
            "getreusedtimes() behind close()",
            "answers `closed`",
            "`stats()` answers as before",
            "they are wanted most when it is over",
            (peer, ours) -> peer.equals(new Failed("closed", "")) && ours.equals(new Done("0"))),
    A_TIMEOUT_IS_CAPTURED(
            "settimeout while another thread receives",
            "holds for that receive too, as soon as a byte has come",
            "holds for what starts afterwards",
            "two threads cannot disturb each other",
            (peer, ours) ->
                    peer instanceof Failed(var reason, var _) && reason.equals("timeout") && ours instanceof Done),
    RELEASING_IS_FOR_GOOD(
            "setkeepalive with unread data",
            "is refused; the connection stays open",
            "`release` closes it and answers `UNREAD`; `buffered()` tells beforehand",
            "who gives a connection back has nothing to do with it any more, whatever the answer",
            (peer, ours) -> peer instanceof Done && ours instanceof Absent),
    A_DIRTY_CONNECTION_IS_NOT_KEPT(
            "setkeepalive behind a timeout",
            "keeps the connection",
            "`release` closes it and answers `DIRTY`",
            "the answer may still come, and the next user would take it for his",
            (peer, ours) -> peer.equals(new Done("1")) && isFailed(ours, "DIRTY", "")),
    BUSY_CONNECTIONS_ARE_NOT_RELEASED(
            "setkeepalive while another thread receives or sends",
            "answers `socket busy ...`",
            "throws `IllegalStateException`",
            "a mistake of the program; nothing has changed in either",
            (peer, ours) -> isBusy(peer) && ours instanceof Misused),
    BYTES_OF_A_DATAGRAM(
            "send of a datagram",
            "answers 1",
            "answers how many bytes were sent",
            "as everywhere else",
            (peer, ours) -> peer.equals(new Done("1")) && ours instanceof Done) {
        @Override
        boolean isStated() {
            return true;
        }
    },
    MISTAKES_ARE_THROWN(
            "receiveuntil with an empty pattern; a second `req.socket(true)`; `print` behind it",
            "answers `pattern is empty`, `duplicate call`, `raw request socket acquired`",
            "throws `IllegalArgumentException` or `IllegalStateException`",
            "mistakes of the program, like every other misuse",
            (peer, ours) -> peer instanceof Failed(var reason, var _)
                    && List.of("pattern is empty", "duplicate call", "raw request socket acquired")
                            .contains(reason)
                    && ours instanceof Misused),
    NO_BODY_IS_AN_EMPTY_ONE(
            "ngx.req.socket() of a request without a body",
            "answers `no body`",
            "`body()` is empty: it ends at once",
            "a handler need not ask first",
            (peer, ours) -> peer.equals(new Failed("no body", "")) && ours.equals(new Done(""))),
    ONE_BODY_FOR_ALL(
            "a second ngx.req.socket()",
            "answers `request body already exists`",
            "`body()` is the same body, and goes on where it was left",
            "who reads it is the handler's business",
            (peer, ours) -> peer.equals(new Failed("request body already exists", "")) && ours.equals(new Done(""))),
    CHUNKED_BODIES(
            "ngx.req.socket() of a chunked request",
            "answers `chunked request bodies not supported yet`, so that all that follows is `closed`",
            "reads it without its framing",
            "a body is a body, however it is framed",
            (peer, ours) -> peer.equals(new Failed("chunked request bodies not supported yet", ""))
                    || peer.equals(new Failed("closed", ""))) {
        @Override
        boolean isStated() {
            return true;
        }
    },
    RAW_LEAVES_NO_BODY_BEHIND(
            "ngx.req.socket(true) with an unread body",
            "gives the body as what comes first",
            "`takeOver()` throws `IllegalStateException`; `takeOver(UnreadBody.RAW)` does as the peer",
            "a body that nobody thought of would be taken for the first words of another protocol",
            (peer, ours) -> peer.equals(new Done("")) && ours instanceof Misused
                    || peer instanceof Done && ours instanceof Absent),
    AN_UNREAD_BODY_IS_NO_REQUEST(
            "ngx.req.socket() that is not read to the end, and the client keeps its connection",
            "parses the rest of the body as the next request",
            "drops it up to a limit; beyond the limit the connection is closed",
            "request smuggling",
            (peer, ours) -> peer instanceof Done && ours instanceof Done) {
        @Override
        boolean isStated() {
            return true;
        }
    },
    NO_ANSWER_IS_LOST(
            "ngx.req.socket(true) behind ngx.print",
            "grants it, and what was not flushed yet is lost; of HTTP/1.0 answers `http 1.0 buffering`",
            "what was answered goes out first; behind a whole answer there is nothing to do but to receive",
            "no byte is lost",
            (peer, ours) -> (peer instanceof Done || peer.equals(new Failed("http 1.0 buffering", "")))
                    && ours instanceof Done) {
        @Override
        boolean isStated() {
            return true;
        }
    },
    PLACES_ARE_NOT_MIXED(
            "connect with the same `pool` to another place",
            "gives the connection to the place before",
            "the whole `Endpoint` is the key: address, way, TLS, local address, and the tag besides",
            "who asks for one server must not be given another one, nor one that was verified by another name",
            (peer, ours) -> peer.equals(new Done("1")) && ours.equals(new Done("0"))),
    A_LINE_HAS_A_LIMIT(
            "receive()",
            "accepts a line of any length",
            "fails with `TOO_LONG` beyond 64 KiB, or the limit you give",
            "a peer that never sends LF must not fill the memory",
            (peer, ours) ->
                    peer instanceof Done && ours instanceof Failed(var reason, var _) && reason.equals("TOO_LONG")),
    LINES_ARE_TEXT(
            "receive()",
            "gives the bytes of a line",
            "gives text, and fails with `MALFORMED` where it is not UTF-8; `receiveUntil(\"\\n\")` gives bytes",
            "a Java program wants a `String`",
            (peer, ours) -> peer instanceof Done && ours.equals(new Failed("MALFORMED", bytes(peer))));

    private final String call;
    private final String peer;
    private final String ours;
    private final String why;
    private final BiPredicate<Outcome, Outcome> shape;

    IntendedDifference(String call, String peer, String ours, String why, BiPredicate<Outcome, Outcome> shape) {
        this.call = call;
        this.peer = peer;
        this.ours = ours;
        this.why = why;
        this.shape = shape;
    }

    /** Whether it is one of requests rather than of connections to an origin. */
    public boolean isDownstream() {
        return switch (this) {
            case NO_BODY_IS_AN_EMPTY_ONE,
                    ONE_BODY_FOR_ALL,
                    CHUNKED_BODIES,
                    RAW_LEAVES_NO_BODY_BEHIND,
                    AN_UNREAD_BODY_IS_NO_REQUEST,
                    NO_ANSWER_IS_LOST -> true;
            default -> false;
        };
    }

    /** Whether it says so little about the data that a script has to {@linkplain Script#ours state} what ours answers. */
    boolean isStated() {
        return false;
    }

    /** Whether two outcomes that differ do so in this way; the delimiter is that of the iterator called, or empty. */
    boolean explains(Outcome peer, Outcome ours, String delimiter) {
        return shape.test(peer, ours);
    }

    /** A row of the table: the call, what the peer does, what we do, and why. */
    public String row() {
        return "| %s | %s | %s | %s |".formatted(call, peer, ours, why);
    }

    private static boolean isFailed(Outcome outcome, String reason, String partial) {
        return outcome.equals(new Failed(reason, partial));
    }

    private static boolean isBusy(Outcome outcome) {
        return outcome instanceof Failed(var reason, var _) && reason.startsWith("socket busy");
    }

    private static String bytes(Outcome outcome) {
        return switch (outcome) {
            case Done done -> done.value();
            case Failed failed -> failed.partial();
            default -> "";
        };
    }
}
