package io.penstock.testkit.cosocket;

import io.penstock.net.Loop;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs scripts against OpenResty's cosockets, in the nginx that Debian packages, and against our connections, and compares them.
 *
 * <p>Start it once for many scripts; they do not disturb each other. Where the peer is not installed the test is skipped, or fails
 * where {@code CI=true}.
 */
public final class Differential implements AutoCloseable {
    private final Loops loops;
    private final Nginx peer;
    private final Control control;
    private volatile @Nullable SocketAddress server;
    private final AtomicInteger scenes = new AtomicInteger();

    private Differential(Loops loops, Nginx peer, Control control) {
        this.loops = loops;
        this.peer = peer;
        this.control = control;
    }

    /** Starts the peer; our side uses these loops, which the caller owns. */
    public static Differential open(Loops loops) throws IOException {
        Control control = Control.open();
        try {
            return new Differential(loops, Nginx.start(), control);
        } catch (Throwable e) {
            control.close();
            throw e;
        }
    }

    /** Says where our server for downstream scripts listens; its handler calls {@link #handle}. */
    public Differential serving(SocketAddress address) {
        server = address;
        return this;
    }

    /** Does the steps of the script that the target of a request names, on the handler's own thread. */
    public void handle(String target, Requested request) {
        Loop loop = Objects.requireNonNull(Loop.current(), "a handler runs on a loop");
        new NearSide(control.scene(target), loops, loop, control, request).perform();
    }

    /** Fails when the script shows a difference that it does not name, or does not show one that it names. */
    public void check(Script script) throws IOException {
        Scene theirs = run(script, scene -> peer.perform(scene, control));
        Scene ours = run(script, this::perform);
        List<String> problems = new Comparison(script, theirs.outcomes(), ours.outcomes()).problems();
        if (!problems.isEmpty()) {
            throw new AssertionError(script + ":\n  " + String.join("\n  ", problems) + "\nthe peer: "
                    + theirs.outcomes() + "\nwe:       " + ours.outcomes());
        }
    }

    private interface Machine {
        void perform(Scene scene) throws IOException;
    }

    private Scene run(Script script, Machine machine) throws IOException {
        try (Scene scene = Scene.open(scenes.incrementAndGet(), script)) {
            control.add(scene);
            try {
                machine.perform(scene);
            } finally {
                control.remove(scene);
            }
            return scene;
        }
    }

    private void perform(Scene scene) {
        if (scene.script().downstream()) {
            SocketAddress address = Objects.requireNonNull(server, "serving() says where our server is");
            scene.request(address, "id=" + scene.id());
        } else {
            Loop loop = loops.next();
            scene.accept();
            loop.spawn("near side", new NearSide(scene, loops, loop, control, null)::perform);
        }
        scene.join();
    }

    @Override
    public void close() throws IOException {
        try {
            control.close();
        } finally {
            peer.close();
        }
    }
}
