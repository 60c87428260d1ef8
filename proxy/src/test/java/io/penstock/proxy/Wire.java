package io.penstock.proxy;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;

/** One end of a plain TCP connection, for byte exactness: a client's, or an origin's. Every wait ends after 10 s. */
final class Wire implements AutoCloseable {
    private static final int LIMIT = 10_000;
    private final Socket socket;
    private final InputStream in;

    Wire(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(LIMIT);
        socket.setTcpNoDelay(true);
        this.in = new BufferedInputStream(socket.getInputStream());
    }

    static Wire to(SocketAddress address) throws IOException {
        return new Wire(connected(new Socket(), address));
    }

    /** A client that takes little at a time: the operating system buffers no more than about this for it. */
    static Wire to(SocketAddress address, int receiveBuffer) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(receiveBuffer);
        return new Wire(connected(socket, address));
    }

    private static Socket connected(Socket socket, SocketAddress address) throws IOException {
        socket.connect(address, LIMIT);
        return socket;
    }

    /** Sends the text; a line of it that ends with LF is sent with CR LF. */
    Wire send(String text) throws IOException {
        return sendRaw(text.replace("\r\n", "\n").replace("\n", "\r\n"));
    }

    Wire sendRaw(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    Wire send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Sends a request without a body, and reads its answer. */
    Message ask(String method, String target, String... fields) throws IOException {
        sendHead(method, target, fields);
        return answer(method);
    }

    Wire sendHead(String method, String target, String... fields) throws IOException {
        var text = new StringBuilder(method + " " + target + " HTTP/1.1\nHost: proxy.test\n");
        for (String field : fields) text.append(field).append('\n');
        return send(text.append('\n').toString());
    }

    Message get(String target, String... fields) throws IOException {
        return ask("GET", target, fields);
    }

    /** The next answer, interim ones included. */
    Message answer(String method) throws IOException {
        return Message.response(in, method);
    }

    /** The next request; null when the peer has ended the stream. */
    Message request() throws IOException {
        return Message.request(in);
    }

    Message head() throws IOException {
        return Message.head(in);
    }

    String line() throws IOException {
        return Message.line(in);
    }

    byte[] read(int count) throws IOException {
        return in.readNBytes(count);
    }

    InputStream in() {
        return in;
    }

    OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    /** Whether the peer has ended the stream, with nothing before that. */
    boolean isAtEnd() throws IOException {
        return in.read() < 0;
    }

    int localPort() {
        return socket.getLocalPort();
    }

    InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    void shutdownInput() throws IOException {
        socket.shutdownInput();
    }

    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
