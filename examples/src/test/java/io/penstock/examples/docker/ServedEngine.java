package io.penstock.examples.docker;

import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** An engine that is asked over TCP, a UNIX socket and TLS, with the files for them. */
final class ServedEngine implements AutoCloseable {
    private final Path directory;
    private final Loops loops = Loops.open();
    private final Engine engine = new Engine();
    private final TestAuthority authority;
    private final HttpServer tcp;
    private final HttpServer unix;
    private final HttpServer tls;

    ServedEngine(Path directory) throws Exception {
        this.directory = directory;
        authority = TestAuthority.in(directory);
        var any = new InetSocketAddress("127.0.0.1", 0);
        var handler = new Api(engine);
        tcp = HttpServer.listen(loops, any, handler);
        unix = HttpServer.listen(loops, UnixDomainSocketAddress.of(socket()), handler);
        tls = HttpServer.listen(loops, any, HttpServerOptions.DEFAULT.withTls(Engine.tls(directory)), handler);
    }

    TestAuthority authority() {
        return authority;
    }

    Path socket() {
        return directory.resolve("engine.sock");
    }

    int port() {
        return ((InetSocketAddress) tcp.address()).getPort();
    }

    int tlsPort() {
        return ((InetSocketAddress) tls.address()).getPort();
    }

    @Override
    public void close() {
        engine.close();
        tcp.close();
        unix.close();
        tls.close();
        loops.close();
    }
}
