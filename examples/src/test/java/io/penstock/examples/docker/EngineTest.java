package io.penstock.examples.docker;

import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The real docker command, and the engine of the example. */
class EngineTest {
    @TempDir
    static Path directory;

    private static final Loops LOOPS = Loops.open();
    private static final Engine ENGINE = new Engine();
    private static final List<HttpServer> SERVERS = new ArrayList<>();

    @BeforeAll
    static void require() throws Exception {
        Docker.require();
    }

    @AfterAll
    static void close() {
        ENGINE.close();
        SERVERS.forEach(HttpServer::close);
        LOOPS.close();
    }

    private static SocketAddress serve(SocketAddress address, HttpServerOptions options) throws Exception {
        var server = HttpServer.listen(LOOPS, address, options, new Api(ENGINE));
        SERVERS.add(server);
        return server.address();
    }

    private static String tcp(SocketAddress address) {
        return "tcp://127.0.0.1:" + ((InetSocketAddress) address).getPort();
    }

    @TestFactory
    Stream<DynamicTest> overTcp() throws Exception {
        var address = serve(new InetSocketAddress("127.0.0.1", 0), HttpServerOptions.DEFAULT);
        return Matrix.of(new Docker(List.of("-H", tcp(address)), directory, "tcp-"));
    }

    @TestFactory
    Stream<DynamicTest> overAUnixSocket() throws Exception {
        Path socket = directory.resolve("docker.sock");
        serve(UnixDomainSocketAddress.of(socket), HttpServerOptions.DEFAULT);
        return Matrix.of(new Docker(List.of("-H", "unix://" + socket), directory, "unix-"));
    }

    @TestFactory
    Stream<DynamicTest> overTls() throws Exception {
        var authority = TestAuthority.in(directory);
        var options = HttpServerOptions.DEFAULT.withTls(Engine.tls(directory));
        var address = serve(new InetSocketAddress("127.0.0.1", 0), options);
        return Matrix.of(new Docker(authority.options(tcp(address)), directory, "tls-"));
    }
}
