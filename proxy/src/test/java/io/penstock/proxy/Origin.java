package io.penstock.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** An origin on a plain server socket that does exactly what its script says, and counts. */
final class Origin implements AutoCloseable {
    /** What is done with a connection, from its begin to its end. */
    @FunctionalInterface
    interface Script {
        void serve(Wire wire, Origin origin) throws Exception;
    }

    /** What is answered to a request whose body has been read: bytes as they are to be on the wire. */
    @FunctionalInterface
    interface Reply {
        String to(Message request);
    }

    static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ServerSocket server;
    private final Script script;
    private final Map<Socket, Thread> open = new ConcurrentHashMap<>();
    private final Thread acceptor;
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Message> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    private Origin(Script script) throws IOException {
        this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        this.script = script;
        this.acceptor = Thread.ofVirtual().name("origin").start(this::accept);
    }

    static Origin of(Script script) throws IOException {
        return new Origin(script);
    }

    /** Answers every request of every connection. */
    static Origin replying(Reply reply) throws IOException {
        return of((wire, origin) -> {
            for (Message request = origin.take(wire); request != null; request = origin.take(wire)) {
                wire.sendRaw(reply.to(request));
            }
        });
    }

    static Origin replying(String reply) throws IOException {
        return replying(_ -> reply);
    }

    /** An address on which nobody listens. */
    static InetSocketAddress dead() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) taken.getLocalSocketAddress();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                connections.incrementAndGet();
                var server = Thread.ofVirtual().name("origin connection").unstarted(() -> serve(socket));
                open.put(socket, server);
                server.start();
            }
        } catch (IOException _) {
            // closed by the test
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            script.serve(new Wire(socket), this);
        } catch (IOException _) {
            // the proxy has gone, which tests judge by what it did
        } catch (Throwable e) {
            failures.add(e);
        } finally {
            open.remove(socket);
        }
    }

    /** Reads a request, body and all, and counts it. */
    Message take(Wire wire) throws IOException {
        Message request = wire.request();
        if (request != null) requests.add(request);
        return request;
    }

    /** Reads the head of a request, and counts it. */
    Message takeHead(Wire wire) throws IOException {
        Message request = wire.head();
        if (request != null) requests.add(request);
        return request;
    }

    /** Keeps a connection for whoever has taken its wire, until this is closed. */
    void awaitClose() throws InterruptedException {
        closed.await();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    String authority() {
        return address().getHostString() + ":" + address().getPort();
    }

    /** How many connections were accepted so far. */
    int connections() {
        return connections.get();
    }

    /** The connections that are open now. */
    int open() {
        return open.size();
    }

    List<Message> requests() {
        return requests;
    }

    Message request() {
        if (requests.size() != 1) throw new AssertionError("not one request but " + requests);
        return requests.getFirst();
    }

    /** Nobody is answered behind this: what a thread waits on is closed when it has noticed, and until then the kernel lets others connect. */
    @Override
    public void close() throws IOException, InterruptedException {
        server.close();
        closed.countDown();
        acceptor.join();
        for (var each : open.entrySet()) {
            each.getKey().close();
            if (!each.getValue().join(Rig.LIMIT)) failures.add(new AssertionError("it does not end"));
        }
        if (!failures.isEmpty()) {
            var failed = new AssertionError("the origin's script failed: " + failures.getFirst());
            failures.forEach(failed::addSuppressed);
            throw failed;
        }
    }
}
