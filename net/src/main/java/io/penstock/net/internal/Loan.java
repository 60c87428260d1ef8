package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.StreamConnection.Lender;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream in the hands of somebody who may give it back. Its owner's hold, both halves of which are claimed meanwhile, is then its user
 * again; the taker's is dead for good, as a released one is.
 */
final class Loan extends WeakReference<StreamConnection> implements Duplex.User {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** Loans whose taker is gone, as none of the house keeps one: not the loop, not the stream, and not whoever has lent it. */
    private static final ReferenceQueue<StreamConnection> FORGOTTEN = new ReferenceQueue<>();

    static {
        Thread.ofPlatform().daemon().name("penstock-forgotten").start(Loan::endForgotten);
    }

    /** Whose the halves of the owner's hold are meanwhile, for as long as it takes. It never runs. */
    private static final Thread HOLDER = Thread.ofVirtual().name("loan").unstarted(() -> {});

    private final StreamConnection home;
    private final Lender lender;

    /** Where it was given back; null until then. */
    private volatile @Nullable Throwable returned;

    Loan(StreamConnection taker, StreamConnection home, Lender lender) {
        super(taker, FORGOTTEN);
        this.home = home;
        this.lender = lender;
    }

    StreamConnection home() {
        return home;
    }

    @Override
    public @Nullable StreamConnection connection() {
        return get();
    }

    private static void endForgotten() {
        while (true) {
            try {
                ((Loan) FORGOTTEN.remove()).end();
            } catch (InterruptedException e) {
                LOG.debug("Nobody interrupts this thread", e);
            } catch (RuntimeException e) {
                LOG.error("A connection that nobody has any more could not be closed", e);
            }
        }
    }

    /** Its taker is gone. What was sent is to arrive; nobody will receive what comes. */
    private void end() {
        Duplex stream = home.stream();
        if (stream.isEnding() || !stream.isUsedBy(this)) return;
        stream.loop().owner().countAbandoned();
        lender.forgotten(home);
        stream.loop().execute(stream::closeBehindOutput);
    }

    /** Lends what nobody reads or writes at the moment; what its owner has received and not consumed goes with it. */
    static StreamConnection begin(StreamConnection home, Lender lender) throws ConnectionException {
        claim(home);
        var taker = new StreamConnection(home, lender);
        claim(taker);
        pass(home, taker);
        home.streamInput().pass(HOLDER);
        home.streamOutput().pass(HOLDER);
        home.stream().output().uncorkAll();
        unclaim(taker);
        return taker;
    }

    /** Waits until everything sent is with the operating system; whatever fails before it is given back has changed nothing. */
    void giveBack(StreamConnection taker) throws ConnectionException {
        requireLent(taker);
        lender.requireResumable();
        try {
            claim(taker);
        } catch (ConnectionException e) {
            requireLent(taker); // another thread was a little faster
            throw e;
        }
        try {
            taker.output().flush();
            lender.claim();
        } catch (ConnectionException | RuntimeException e) {
            unclaim(taker);
            throw e;
        }
        returned = new Throwable("the connection was given back");
        pass(taker, home);
        taker.stream().forget(taker);
        taker.leaveScope();
        unclaim(home);
        lender.resumed();
    }

    private void requireLent(StreamConnection taker) {
        if (returned != null) throw new IllegalStateException(fate());
        if (taker.stream().isClosed() || taker.stream().output().hasEnded()) {
            throw new IllegalStateException(taker + " has ended, or its output has: no request can be answered on it");
        }
    }

    /** From one hold to another, which are both claimed. */
    private static void pass(StreamConnection from, StreamConnection to) {
        to.streamInput().hold(from.streamInput());
        to.stream().pass(to);
    }

    private static void claim(StreamConnection hold) throws ConnectionException {
        if (!hold.streamInput().claim()) throw hold.streamInput().refusal();
        try {
            hold.streamOutput().claim();
        } catch (ConnectionException | RuntimeException e) {
            hold.streamInput().unclaim();
            throw e;
        }
    }

    private static void unclaim(StreamConnection hold) {
        hold.streamOutput().unclaim();
        hold.streamInput().end();
    }

    /** Something that lasts as long as the stream has the taker now, and will not forget it. */
    void kept() {
        lender.kept();
    }

    boolean isOver() {
        return returned != null;
    }

    /** Why the taker gets nowhere any more. Rendering a stack takes long, and is done for those only who go on all the same. */
    String fate() {
        Throwable stack = returned;
        String place = stack == null
                ? ""
                : Arrays.stream(stack.getStackTrace())
                        .filter(each -> !each.getClassName().startsWith(Loan.class.getPackageName()))
                        .findFirst()
                        .map(each -> ", at " + each)
                        .orElse("");
        return "the connection was given back to HTTP" + place + ", and is the taker's no more";
    }
}
