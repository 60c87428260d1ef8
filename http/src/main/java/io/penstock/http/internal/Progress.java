package io.penstock.http.internal;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How far an exchange has come. Threads that answer it, take it over or end it at the same time meet here: each step is one
 * compare-and-set, so one of them wins, and the others get an {@link IllegalStateException} that says to whom they have lost.
 */
final class Progress {
    /** What can be said of an exchange at one moment. */
    sealed interface Stage {}

    record Unanswered() implements Stage {}

    /** The head of its answer is out, or some of it. */
    record Answered(int status) implements Stage {}

    /** Its output is one thread's, and then it stands where this says; until the thread is done, or the exchange is over. */
    record Busy(Stage behind, Doing doing) implements Stage {}

    /** Its connection is somebody's. */
    record TakenOver(TakeOver by, int status) implements Stage {}

    /** Its handler has returned. */
    record Over(Stage last) implements Stage {}

    /** What a thread does for which it needs the output alone. */
    enum Doing {
        INFORMING("sends an interim response"),
        ANSWERING("answers it"),
        TAKING_OVER("takes its connection over"),
        SWITCHING("switches it to another protocol");

        private final String words;

        Doing(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    private static final Stage UNANSWERED = new Unanswered();
    private static final Busy INFORMING = new Busy(UNANSWERED, Doing.INFORMING);

    private final ServerExchange exchange;
    private final AtomicReference<Stage> stage = new AtomicReference<>(UNANSWERED);

    Progress(ServerExchange exchange) {
        this.exchange = exchange;
    }

    // ---- what one thread wins: it is to be ended by done()

    Busy inform() {
        return claim(_ -> INFORMING);
    }

    Busy answer(int status) {
        var answering = new Busy(new Answered(status), Doing.ANSWERING);
        return claim(_ -> answering);
    }

    Busy takeOver() {
        return claim(now -> new Busy(now, Doing.TAKING_OVER));
    }

    /** With the head of the answer, so there must be none. */
    Busy switchOver() {
        return claim(now -> new Busy(now, Doing.SWITCHING));
    }

    private Busy claim(UnaryOperator<Stage> step) {
        while (true) {
            Stage now = stage.get();
            var wanted = (Busy) step.apply(now);
            boolean possible =
                    now instanceof Unanswered || now instanceof Answered && wanted.doing() == Doing.TAKING_OVER;
            if (!possible) throw refusal(now, wanted.doing());
            if (stage.compareAndSet(now, wanted)) return wanted;
        }
    }

    void done(Busy mine) {
        stage.compareAndSet(mine, mine.behind());
    }

    /** The take-over has come to its end; the status is that of the head it sends, or -1 for none. */
    void takenOver(Busy mine, TakeOver by, int status) {
        var done = new TakenOver(by, status < 0 ? status(mine) : status);
        if (!stage.compareAndSet(mine, done)) throw refusal(stage.get(), mine.doing());
    }

    private IllegalStateException refusal(Stage now, Doing wanted) {
        return switch (now) {
            case Unanswered _ -> new IllegalStateException(exchange + " is not answered");
            case Answered(int status) -> new IllegalStateException(exchange + " is answered, with " + status);
            case Busy(var _, Doing doing) ->
                new IllegalStateException("another thread has " + exchange + " at the moment: it " + doing);
            case TakenOver(TakeOver by, var _) ->
                switch (wanted) {
                    case TAKING_OVER, SWITCHING -> by.alreadyTaken();
                    case INFORMING, ANSWERING -> by.refusalOfBytes();
                };
            case Over _ -> new IllegalStateException(exchange + " is over: its handler has returned");
        };
    }

    // ---- the end

    /** From now on the exchange is the server's alone; where it stood. */
    Stage end() {
        Stage last = stage.getAndUpdate(now -> now instanceof Over ? now : new Over(now));
        return last instanceof Over(Stage before) ? before : last;
    }

    /** The server has answered in the place of a handler that did not. */
    void endWith(int status) {
        stage.set(new Over(new Answered(status)));
    }

    boolean isOver() {
        return stage.get() instanceof Over;
    }

    // ---- where it stands

    /** Whether an answer was begun, or there cannot be one. */
    boolean isCommitted() {
        return isCommitted(stage.get());
    }

    private static boolean isCommitted(Stage stage) {
        return switch (stage) {
            case Unanswered _ -> false;
            case Answered _, TakenOver _ -> true;
            case Busy(Stage behind, var _) -> isCommitted(behind);
            case Over(Stage last) -> isCommitted(last);
        };
    }

    boolean isTakenOver() {
        return taker() != null;
    }

    /** Who has taken the connection over; null when nobody has. */
    @Nullable
    TakeOver taker() {
        return taker(stage.get());
    }

    private static @Nullable TakeOver taker(Stage stage) {
        return switch (stage) {
            case TakenOver(TakeOver by, var _) -> by;
            case Over(Stage last) -> taker(last);
            case Unanswered _, Answered _, Busy _ -> null;
        };
    }

    /** The status of the answer; 0 when none was begun. */
    int status() {
        return status(stage.get());
    }

    private static int status(Stage stage) {
        return switch (stage) {
            case Unanswered _ -> 0;
            case Answered(int status) -> status;
            case TakenOver(var _, int status) -> status;
            case Busy(Stage behind, var _) -> status(behind);
            case Over(Stage last) -> status(last);
        };
    }
}
