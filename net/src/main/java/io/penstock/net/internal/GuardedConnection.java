package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Cork;
import io.penstock.net.Deadline;
import io.penstock.net.Delimited;
import io.penstock.net.Detached;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.KeepAlive;
import io.penstock.net.Loop;
import io.penstock.net.Output;
import io.penstock.net.ProxyHeader;
import io.penstock.net.Released;
import io.penstock.net.Scope;
import io.penstock.net.Stats;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsSession;
import io.penstock.net.Until;
import io.penstock.net.event.Action;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.WriteVio;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A server's connection as whoever answers its requests sees it: it tells everything, its limits can be set, and it can be aborted; to
 * read, to write and to end it in order is HTTP's, and {@linkplain #refusal refused}.
 */
public final class GuardedConnection implements Connection {
    private final StreamConnection connection;

    public GuardedConnection(StreamConnection connection) {
        this.connection = connection;
    }

    /** HTTP's own hold on it. */
    public StreamConnection unguarded() {
        return connection;
    }

    IllegalStateException refusal() {
        return new IllegalStateException(this
                + (connection.inUse() == connection
                        ? " belongs to HTTP until takeOver(): the request is read and answered by its exchange,"
                                + " 'Connection: close' ends the connection behind the answer, and abort() at once"
                        : " was taken over: use the one that whoever took it over was given"));
    }

    // ---- what it tells

    @Override
    public long id() {
        return connection.id();
    }

    @Override
    public Origin origin() {
        return connection.origin();
    }

    @Override
    public SocketAddress localAddress() {
        return connection.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return connection.remoteAddress();
    }

    @Override
    public Optional<ProxyHeader> proxyHeader() {
        return connection.proxyHeader();
    }

    @Override
    public Loop loop() {
        return connection.loop();
    }

    @Override
    public Stats stats() {
        return connection.stats();
    }

    @Override
    public Optional<TlsSession> tls() {
        return connection.tls();
    }

    @Override
    public Scope scope() {
        return connection.scope();
    }

    @Override
    public boolean isOpen() {
        return connection.isOpen();
    }

    @Override
    public int buffered() {
        return connection.buffered();
    }

    @Override
    public Optional<ConnectionException.Reason> inputEnd() {
        return connection.inputEnd();
    }

    @Override
    public Action onInputEnd(Consumer<ConnectionException.Reason> told) {
        return connection.onInputEnd(told);
    }

    @Override
    public String toString() {
        return connection.toString();
    }

    // ---- what may be set, and the end that cannot be mistaken for a good one

    @Override
    public Timeouts timeouts() {
        return connection.timeouts();
    }

    @Override
    public void timeouts(Timeouts each) {
        connection.timeouts(each);
    }

    @Override
    public Deadline deadline(Duration total) {
        return connection.deadline(total);
    }

    @Override
    public <T> T option(SocketOption<T> name) throws ConnectionException {
        return connection.option(name);
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        connection.option(name, value);
    }

    @Override
    public void abort() {
        connection.abort();
    }

    // ---- what is refused

    @Override
    public byte[] receive(int size) {
        throw refusal();
    }

    @Override
    public String receiveLine(int limit) {
        throw refusal();
    }

    @Override
    public byte[] receiveAll(int limit) {
        throw refusal();
    }

    @Override
    public byte[] receiveAny(int max) {
        throw refusal();
    }

    @Override
    public Delimited receiveUntil(byte[] delimiter, Until options) {
        throw refusal();
    }

    @Override
    public Framed framed(Framing framing) {
        throw refusal();
    }

    @Override
    public int read(ByteBuffer into) {
        throw refusal();
    }

    @Override
    public ReadVio read(Continuation reader, IoBuffer into, long bytes) {
        throw refusal();
    }

    @Override
    public ByteBuffer peek(int size) {
        throw refusal();
    }

    @Override
    public void unread(ByteBuffer bytes) {
        throw refusal();
    }

    @Override
    public long transferTo(Output output) {
        throw refusal();
    }

    @Override
    public InputStream inputStream() {
        throw refusal();
    }

    @Override
    public long send(byte[] bytes, int offset, int length) {
        throw refusal();
    }

    @Override
    public long send(CharSequence text) {
        throw refusal();
    }

    @Override
    public long send(ByteBuffer... buffers) {
        throw refusal();
    }

    @Override
    public long send(FileChannel file, long position, long count) {
        throw refusal();
    }

    @Override
    public WriteVio write(Continuation writer, IoBuffer.Reader from, long bytes) {
        throw refusal();
    }

    @Override
    public void flush() {
        throw refusal();
    }

    @Override
    public Cork cork() {
        throw refusal();
    }

    @Override
    public OutputStream outputStream() {
        throw refusal();
    }

    @Override
    public Socket asSocket() {
        throw refusal();
    }

    @Override
    public void startTls(TlsClient options, String host) {
        throw refusal();
    }

    @Override
    public void startTls(TlsServer options) {
        throw refusal();
    }

    @Override
    public void shutdownOutput() {
        throw refusal();
    }

    @Override
    public void shutdownInput() {
        throw refusal();
    }

    @Override
    public void close() {
        throw refusal();
    }

    @Override
    public Released release() {
        throw refusal();
    }

    @Override
    public Released release(KeepAlive keepAlive) {
        throw refusal();
    }

    @Override
    public Detached detach() {
        throw refusal();
    }

    @Override
    public Connection transfer(Scope to) {
        throw refusal();
    }

    @Override
    public void resumeHttp() {
        throw refusal();
    }
}
