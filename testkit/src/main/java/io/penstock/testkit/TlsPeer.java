package io.penstock.testkit;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLSocket;

/** A far end that speaks TLS by the JDK's own sockets. */
final class TlsPeer implements Peer {
    private final Socket raw;
    private final SSLSocket secured;

    /**
     * @param raw the socket below
     * @param secured over it, its handshake done
     */
    TlsPeer(Socket raw, SSLSocket secured) throws IOException {
        this.raw = raw;
        this.secured = secured;
        raw.setSendBufferSize(KERNEL_BUFFER);
        raw.setReceiveBufferSize(KERNEL_BUFFER);
        secured.setSoTimeout((int) Await.LIMIT.toMillis());
    }

    @Override
    public void send(byte[] bytes) throws IOException {
        secured.getOutputStream().write(bytes);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        try {
            int count =
                    secured.getInputStream().read(into.array(), into.arrayOffset() + into.position(), into.remaining());
            if (count > 0) into.position(into.position() + count);
            return count;
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the peer waited in vain for the connection to send something or end", e);
        }
    }

    @Override
    public void halfClose() throws IOException {
        secured.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
        if (!raw.isClosed()) raw.setSoLinger(true, 0);
        raw.close();
    }

    /** Sends what TLS sends by itself, without a byte of anybody's. */
    void renewKeys() throws IOException {
        secured.startHandshake();
    }

    /** Sends what is no TLS. */
    void sendBelow(byte[] bytes) throws IOException {
        raw.getOutputStream().write(bytes);
    }

    /** Ends the stream below without a word to the one above. */
    void cut() throws IOException {
        raw.close();
    }

    /** The JDK's own close would wait for the other side to end too, and one with unread input, such as session tickets, would be a reset. */
    @Override
    public void close() throws IOException {
        if (raw.isClosed()) return;
        secured.shutdownOutput();
        raw.getInputStream().skip(raw.getInputStream().available());
        raw.close();
    }
}
