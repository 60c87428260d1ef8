package io.penstock.testkit.cosocket;

import io.penstock.testkit.Await;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** One run of a script on one machine: where it connects to, what its two sides have told each other, and what came of each step. */
final class Scene implements AutoCloseable {
    private final int id;
    private final Script script;
    private final Places places;
    private final Map<String, CountDownLatch> told = new ConcurrentHashMap<>();
    private final Map<String, Outcome> outcomes = new ConcurrentSkipListMap<>();
    private final AtomicInteger handlers = new AtomicInteger();
    private final AtomicInteger remaining;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final FarSide far;

    private Scene(int id, Script script, Places places) {
        this.id = id;
        this.script = script;
        this.places = places;
        this.remaining = new AtomicInteger(script.requests());
        this.far = new FarSide(this);
    }

    static Scene open(int id, Script script) throws IOException {
        return new Scene(id, script, Places.open());
    }

    int id() {
        return id;
    }

    Script script() {
        return script;
    }

    Places places() {
        return places;
    }

    /** What came of each step, by its place in the script. */
    Map<String, Outcome> outcomes() {
        return outcomes;
    }

    void came(String step, Outcome outcome) {
        outcomes.put(step, outcome);
    }

    void tell(String label) {
        latch(label).countDown();
    }

    void await(String label) {
        try {
            if (latch(label).await(Await.LIMIT.toNanos(), TimeUnit.NANOSECONDS)) return;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for '" + label + "'", e);
        }
        throw new AssertionError("nobody has told '" + label + "'");
    }

    private CountDownLatch latch(String label) {
        return told.computeIfAbsent(label, _ -> new CountDownLatch(1));
    }

    /** The far side of an upstream script accepts. */
    void accept() {
        if (script.isOfDatagrams()) far.serve(new DatagramPeer(places.udp()), "");
        far.accept(places.origin());
        far.accept(places.unix());
    }

    /** The far side of a downstream script sends requests; the query leads them to this scene. */
    void request(SocketAddress server, String query) {
        far.dial(server, query);
    }

    /** What the ids of a near side's steps begin with: downstream there is one for each request. */
    String nextHandler() {
        return script.downstream() ? handlers.incrementAndGet() + "/" : "";
    }

    /** A near side has done all its steps. */
    void nearIsDone() {
        if (remaining.decrementAndGet() == 0) done.complete(null);
    }

    void nearIsBroken(Throwable problem) {
        done.completeExceptionally(problem);
    }

    /** Waits until both sides have done everything. */
    void join() {
        try {
            done.get(Await.LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("a step could not be done: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("the near side is stuck behind " + outcomes, e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        far.join();
    }

    @Override
    public void close() throws IOException {
        far.close();
        places.close();
    }
}
