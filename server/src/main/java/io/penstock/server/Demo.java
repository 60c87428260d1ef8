package io.penstock.server;

import io.penstock.http.HttpServer;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.server.config.Config;
import io.penstock.server.config.ConfigException;
import io.penstock.server.config.ConfigFile;
import io.penstock.server.demo.DemoOrigin;
import io.penstock.server.demo.Hello;
import io.penstock.server.demo.ServedBy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;

/** What runs without a configuration: a proxy with two plugins, in front of an origin in the same process. */
final class Demo {
    private static final int FIRST_PORT = 8080;
    private static final int PORTS = 100;

    private final Loops originLoops;
    private final HttpServer origin;
    private final Penstock penstock;

    private Demo(Loops originLoops, HttpServer origin, Penstock penstock) {
        this.originLoops = originLoops;
        this.origin = origin;
        this.penstock = penstock;
    }

    /** Starts origin and proxy, on port 8080 or the next free one. */
    static Demo start() throws StartException {
        return start(freePort());
    }

    /** As {@link #start()}, on a port of the loopback address; 0 takes any free one. */
    static Demo start(int port) throws StartException {
        Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        boolean started = false;
        try {
            HttpServer origin = HttpServer.listen(
                    loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new DemoOrigin());
            Config config = config(port, ((InetSocketAddress) origin.address()).getPort());
            Penstock penstock = Penstock.start(
                    config,
                    List.of(new Penstock.Named("Hello", new Hello()), new Penstock.Named("ServedBy", new ServedBy())));
            started = true;
            return new Demo(loops, origin, penstock);
        } catch (ConnectionException e) {
            throw new StartException(ExitCode.CANNOT_BIND, "the demo's origin cannot listen: " + e.getMessage(), e);
        } finally {
            if (!started) {
                loops.close(Duration.ZERO);
            }
        }
    }

    Penstock penstock() {
        return penstock;
    }

    int port() {
        return ((InetSocketAddress) penstock.addresses().getFirst()).getPort();
    }

    /** The lines to try, each below what it shows. */
    String introduction() {
        return """
                Penstock runs a demo on http://127.0.0.1:%1$d%2$s: two plugins in front of an origin in this process.

                  # the origin's answer, with a header that a plugin adds
                  curl -i http://127.0.0.1:%1$d/

                  # answered by a plugin; the origin is not asked
                  curl http://127.0.0.1:%1$d/hello

                  # an upload that the origin sends back, streamed both ways
                  curl --data-binary 'up and down' http://127.0.0.1:%1$d/echo

                Your own configuration: %3$s run penstock.yaml. Ctrl-C ends the demo.

                """.formatted(
                port(), port() == FIRST_PORT ? "" : " (port " + FIRST_PORT + " is taken)", CommandLine.program());
    }

    /** As {@link Penstock#stop}, with the origin. */
    boolean stop(Duration grace) {
        boolean drained = penstock.stop(grace);
        origin.drain(Duration.ZERO);
        originLoops.close(Duration.ZERO);
        return drained;
    }

    private static Config config(int port, int origin) {
        try {
            return ConfigFile.parse("demo", """
                    listeners: [ { address: "127.0.0.1:%d" } ]
                    upstreams: { origin: { servers: [ "127.0.0.1:%d" ] } }
                    routes: [ { upstream: origin } ]
                    """.formatted(port, origin));
        } catch (ConfigException e) {
            throw new IllegalStateException("the demo's configuration is wrong", e);
        }
    }

    private static int freePort() throws StartException {
        for (int port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.setReuseAddress(true);
                probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (IOException e) {
                // taken; the next one may be free
            }
        }
        throw new StartException(
                ExitCode.CANNOT_BIND,
                "none of the ports " + FIRST_PORT + " to " + (FIRST_PORT + PORTS - 1) + " of 127.0.0.1 is free",
                new IOException("all taken"));
    }
}
