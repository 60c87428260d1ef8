package io.penstock.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import javax.net.ssl.SSLSocket;

/**
 * The far end of a connection under test, driven by the test's own thread and, where possible, made of other code than ours.
 *
 * <p>It stalls by not being called. One thread may read while another sends. Every wait is bounded by {@link Await#LIMIT} and
 * fails the test when it is passed. Never called on a loop's thread: it blocks.
 */
public interface Peer extends AutoCloseable {
    /** What the kernel keeps in either direction of a peer over TCP, in bytes; left alone it grows to many MiB, all of which would have to be moved. */
    int KERNEL_BUFFER = 256 * 1024;

    /** A far end of a socket of the JDK's, TCP or UNIX, which it owns from now on. */
    static Peer of(SocketChannel socket) throws IOException {
        return new SocketPeer(socket);
    }

    /** A far end that speaks TLS by the JDK's own sockets: the secured one, its handshake done, over the raw one. It owns both. */
    static Peer of(Socket raw, SSLSocket secured) throws IOException {
        return new TlsPeer(raw, secured);
    }

    /** Sends the bytes and returns when the operating system, or the other end's buffer, has them all. */
    void send(byte[] bytes) throws IOException;

    /** Reads at least one byte, waiting for it; -1 at the end of the stream. */
    int read(ByteBuffer into) throws IOException;

    /** Ends its writing half; it can still read. */
    void halfClose() throws IOException;

    /** Ends in a way that is an error for the other side. A UNIX socket manages that only when it has unread input. */
    void reset() throws IOException;

    /** Ends both halves in order. */
    @Override
    void close() throws IOException;

    /** Sends the pieces one by one. */
    default void send(byte[] bytes, Cut cut) throws IOException {
        for (byte[] piece : cut.pieces(bytes)) {
            send(piece);
        }
    }

    /** Reads exactly {@code count} bytes. */
    default byte[] read(int count) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(count);
        while (into.hasRemaining()) {
            if (read(into) < 0) {
                byte[] got = Arrays.copyOf(into.array(), into.position());
                throw new AssertionError("the stream ended after " + got.length + " of " + count + " bytes: "
                        + Payload.text(Arrays.copyOf(got, Math.min(got.length, 200))));
            }
        }
        return into.array();
    }

    /** Reads everything up to the end of the stream. */
    default byte[] readAll() throws IOException {
        var all = new ByteArrayOutputStream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (read(into) >= 0) {
            all.write(into.array(), 0, into.position());
            into.clear();
        }
        return all.toByteArray();
    }

    /** Reads what comes until the stream ends, in order or not. */
    default byte[] readUntilGone() {
        var all = new ByteArrayOutputStream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        try {
            while (read(into) >= 0) {
                all.write(into.array(), 0, into.position());
                into.clear();
            }
        } catch (IOException _) {
            // a reset is one of the two ends that are welcome here
        }
        return all.toByteArray();
    }

    /** Fails unless the stream has come to its end in order, without another byte. */
    default void expectEnd() throws IOException {
        ByteBuffer into = ByteBuffer.allocate(256);
        if (read(into) >= 0) {
            throw new AssertionError("another byte instead of the end: " + Payload.text(into.flip()));
        }
    }

    /** Fails unless the stream ends by a reset; bytes before it do not matter. */
    default void expectReset() {
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        try {
            while (read(into) >= 0) {
                into.clear();
            }
        } catch (IOException _) {
            return;
        }
        throw new AssertionError("the stream ended in order instead of being reset");
    }
}
