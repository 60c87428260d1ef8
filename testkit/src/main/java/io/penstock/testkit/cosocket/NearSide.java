package io.penstock.testkit.cosocket;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.testkit.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Does the steps of a script with our connections, on a virtual thread of a loop. */
final class NearSide {
    private final Scene scene;
    private final Loops loops;
    private final Loop loop;
    private final Control control;
    private final @Nullable Requested requested;
    private final Dialling dialling;
    private final Map<String, Held> sockets = new ConcurrentSkipListMap<>();
    private final Map<String, Thread> threads = new ConcurrentSkipListMap<>();

    NearSide(Scene scene, Loops loops, Loop loop, Control control, @Nullable Requested requested) {
        this.scene = scene;
        this.loops = loops;
        this.loop = loop;
        this.control = control;
        this.requested = requested;
        this.dialling = new Dialling(scene, loops);
    }

    /** Does everything, and then lets go of all sockets, as the end of a request does for the peer. */
    void perform() {
        try {
            perform(scene.script().steps(), scene.nextHandler(), "a");
            scene.nearIsDone();
        } catch (Throwable e) {
            scene.nearIsBroken(e);
        } finally {
            sockets.values().forEach(Held::end);
            dialling.close();
        }
    }

    private void perform(List<Step> steps, String prefix, String socket) throws Exception {
        String current = socket;
        for (int i = 0; i < steps.size(); i++) {
            String id = StepLines.id(prefix, i);
            switch (steps.get(i)) {
                case Step.Use use -> current = use.socket();
                case Step.Spawn spawn -> start(spawn, id, current);
                case Step.Join join -> thread(join.thread()).join();
                case Step.Kill kill -> {
                    thread(kill.thread()).interrupt();
                    thread(kill.thread()).join();
                }
                case Step.Tell tell -> ask("tell " + scene.id() + " " + tell.label());
                case Step.Await await -> ask("await " + scene.id() + " " + await.label());
                case Step.Pause pause -> Await.stays(Duration.ofMillis(pause.millis()), () -> true);
                case Step step ->
                    scene.came(id, outcome(step, sockets.computeIfAbsent(current, _ -> new Held(dialling, requested))));
            }
        }
    }

    private void start(Step.Spawn spawn, String id, String current) {
        Thread thread = loop.spawn(spawn.thread(), () -> perform(spawn.steps(), id + ".", current));
        threads.put(spawn.thread(), thread);
        Await.until(spawn.thread() + " waits", () -> switch (thread.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            case NEW, RUNNABLE, BLOCKED -> false;
        });
    }

    private Thread thread(String name) {
        return Objects.requireNonNull(threads.get(name), name);
    }

    private void ask(String line) throws ConnectionException {
        try (Connection asking =
                Connector.of(loops).connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), control.port()))) {
            asking.send(line + "\n");
            asking.receiveLine();
        }
    }

    private Outcome outcome(Step step, Held held) throws Exception {
        try {
            String done = held.perform(step);
            return done == null ? new Outcome.Over() : new Outcome.Done(done);
        } catch (Held.Nothing _) {
            return new Outcome.Absent();
        } catch (Held.NotKept e) {
            return new Outcome.Failed(e.became().name(), "");
        } catch (ConnectionException e) {
            return new Outcome.Failed(e.reason().name(), Held.text(e.partial()));
        } catch (IllegalArgumentException | IllegalStateException e) {
            return new Outcome.Misused(String.valueOf(e.getMessage()));
        }
    }
}
