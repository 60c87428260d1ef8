package io.penstock.examples.docker;

import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Loops;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A miniature Docker Engine, as far as {@code docker} needs one to run commands and talk to them: {@code run}, {@code exec}, {@code attach},
 * {@code logs}, {@code ps}, {@code inspect}, {@code kill}, {@code rm}. Its containers contain nothing: they are processes of this machine, run by
 * whoever has started the engine, so it listens where nobody else can connect. Any image will do.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/docker/Engine.java 2375
 * export DOCKER_HOST=tcp://127.0.0.1:2375
 * docker run -d --name c1 any sleep 1000
 * echo hello | docker exec -i c1 cat
 * </pre>
 *
 * <p>In the place of a port it takes the path of a UNIX socket; and behind either, to be asked by {@code docker --tlsverify}, a directory with
 * {@code ca.pem}, {@code server-cert.pem} and {@code server-key.pem}.
 */
public final class Engine implements AutoCloseable {
    /** How many jobs besides those of containers are remembered. */
    private static final int EXECS = 128;

    private final SecureRandom random = new SecureRandom();
    private final Map<String, Container> containers = new LinkedHashMap<>();
    private final Map<String, Job> execs = new LinkedHashMap<>();

    public static void main(String... arguments) throws Exception {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("usage: Engine PORT|UNIX-PATH [TLS-DIRECTORY]");
            System.exit(2);
        }
        SocketAddress address = arguments[0].contains("/")
                ? UnixDomainSocketAddress.of(arguments[0])
                : new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        var options = arguments.length == 1
                ? HttpServerOptions.DEFAULT
                : HttpServerOptions.DEFAULT.withTls(tls(Path.of(arguments[1])));
        var engine = new Engine();
        Runtime.getRuntime().addShutdownHook(new Thread(engine::close));
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, address, options, new Api(engine))) {
            System.out.println("an engine for docker on " + server.address());
            server.join();
        }
    }

    /** What {@code dockerd --tlsverify} has. */
    static TlsServer tls(Path directory) throws IOException {
        var identity = TlsIdentity.fromPem(directory.resolve("server-cert.pem"), directory.resolve("server-key.pem"));
        return TlsServer.of(identity)
                .withClients(TlsServer.Clients.NEEDED, TlsTrust.fromPem(directory.resolve("ca.pem")));
    }

    synchronized Container create(String name, Json wanted) {
        String id = newId();
        var job = new Job(Command.of(wanted, wanted.flag("OpenStdin")));
        boolean removed = wanted.object("HostConfig").flag("AutoRemove");
        var removal = job.exit().thenApply(status -> {
            if (removed) forget(id);
            return status;
        });
        var container = new Container(
                id,
                name.isEmpty() ? "container-" + id.substring(0, 12) : name,
                wanted.text("Image"),
                Instant.now(),
                job,
                wanted.flag("StdinOnce"),
                removal);
        containers.put(id, container);
        return container;
    }

    /** By its name, or the beginning of its id. */
    Optional<Container> container(String reference) {
        return containers().stream().filter(each -> each.isCalled(reference)).findFirst();
    }

    synchronized List<Container> containers() {
        return List.copyOf(containers.values());
    }

    void remove(Container container) throws IOException {
        forget(container.id());
        container.job().kill();
    }

    private synchronized void forget(String id) {
        containers.remove(id);
    }

    /** Remembers a job besides that of a container, to be started by its id. */
    synchronized String prepare(Command command) {
        String id = newId();
        execs.put(id, new Job(command));
        if (execs.size() > EXECS)
            execs.values().stream()
                    .filter(job -> job.exit().isDone())
                    .findFirst()
                    .ifPresent(execs.values()::remove);
        return id;
    }

    synchronized Optional<Job> prepared(String id) {
        return Optional.ofNullable(execs.get(id));
    }

    /** Kills all that still run. */
    @Override
    public synchronized void close() {
        Stream.concat(containers.values().stream().map(Container::job), execs.values().stream())
                .toList()
                .forEach(Job::kill);
    }

    private String newId() {
        byte[] id = new byte[32];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }
}
