package io.penstock.http;

import io.penstock.net.Endpoint;
import io.penstock.testkit.Await;
import io.penstock.testkit.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLSocket;

/** A server on a raw socket of the JDK's, which the test plays by hand. */
final class ScriptedServer implements AutoCloseable {
    private final ServerSocketChannel socket;

    private ScriptedServer(ServerSocketChannel socket) {
        this.socket = socket;
    }

    static ScriptedServer open() throws IOException {
        return new ScriptedServer(
                ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    static ScriptedServer open(Path unix) throws IOException {
        return new ScriptedServer(
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(unix)));
    }

    SocketAddress address() throws IOException {
        return socket.getLocalAddress();
    }

    Endpoint endpoint() throws IOException {
        return Endpoint.of(address());
    }

    /** Its URL, with that path. */
    String url(String path) throws IOException {
        return "http://127.0.0.1:" + ((InetSocketAddress) address()).getPort() + path;
    }

    Client accept() throws IOException {
        return new Client(Peer.of(next()));
    }

    private SocketChannel next() throws IOException {
        try (var selector = Selector.open()) {
            socket.configureBlocking(false);
            socket.register(selector, SelectionKey.OP_ACCEPT);
            if (selector.select(Await.LIMIT.toMillis()) == 0) throw new AssertionError("no client has connected");
            return socket.accept();
        }
    }

    Client acceptTls() throws Exception {
        Socket raw = next().socket();
        raw.setTcpNoDelay(true);
        var secured = (SSLSocket)
                TestIdentity.LOCALHOST.context().getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true);
        secured.setUseClientMode(false);
        secured.setSoTimeout((int) Await.LIMIT.toMillis());
        secured.startHandshake();
        return new Client(Peer.of(raw, secured));
    }

    /** A client that was accepted. */
    record Client(Peer peer) implements AutoCloseable {
        /** The lines of a head, without the empty one behind it. */
        String head() throws IOException {
            var text = new StringBuilder();
            while (text.indexOf("\r\n\r\n") < 0) text.append(text(1));
            return text.substring(0, text.length() - 4);
        }

        String text(int size) throws IOException {
            return new String(peer.read(size), StandardCharsets.ISO_8859_1);
        }

        Client send(String text) throws IOException {
            peer.send(text.getBytes(StandardCharsets.ISO_8859_1));
            return this;
        }

        /** In two pieces. */
        Client sendCut(String text, int place) throws IOException {
            send(text.substring(0, place));
            return send(text.substring(place));
        }

        @Override
        public void close() throws IOException {
            peer.close();
        }
    }

    @Override
    public void close() throws IOException {
        SocketAddress address = address();
        socket.close();
        if (address instanceof UnixDomainSocketAddress unix) Files.deleteIfExists(unix.getPath());
    }
}
