import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.penstock.net.AdoptOptions;
import io.penstock.net.Connection;
import io.penstock.net.Loop;
import io.penstock.net.Task;
import io.penstock.net.Tasks;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.NetEvent;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.WriteVio;
import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Takes the place of the server and bridges its clients to one on this machine, over a descriptor that native code has connected: those
 * who ask for something below {@code /blocking/} in blocking style, those below {@code /event/} in event style.
 *
 * <p>Answers to Traffic Server's {@code example/plugins/c-api/intercept/intercept.cc}, from whose port 60000 it differs by {@code
 * PENSTOCK_JAVA_OPTS=-Dintercept.port=8000}. A plugin that need not show how a descriptor is adopted dials by {@code penstock.connector()}.
 */
public final class Intercept implements Plugin {
    private final int port = Integer.getInteger("intercept.port", 60000);

    @Override
    public void start(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            String path = transaction.request().path();
            if (path.startsWith("/blocking/")) transaction.intercept(this::bridge);
            if (path.startsWith("/event/")) transaction.intercept(Continuation.of(new Bridge()));
        });
    }

    // ---- blocking style

    /** One thread for each direction. A client whom no server has answered is told 502, with the plugin's name. */
    private void bridge(Connection client) throws Exception {
        try (Connection server = server(client.loop());
                Tasks tasks = Tasks.open()) {
            Task<Connection> up = tasks.fork(() -> {
                client.transferTo(server); // to its end, which is when the client has its answer
                server.shutdownOutput();
                return server;
            });
            server.transferTo(client);
            client.shutdownOutput(); // by which the answer may end
            up.join();
        } catch (IOException e) {
            client.abort(); // the server's failure, or the client's, and not this plugin's: that would be 500
        }
    }

    // ---- event style

    /** What a continuation keeps of one client: both connections, and what is under way between them. */
    private final class Bridge implements Continuation.Handler {
        private Connection client;
        private Connection server;
        private Direction up;
        private Direction down;

        @Override
        public void handle(Continuation self, Event event) throws Exception {
            switch (event) {
                case NetEvent.Accepted(Connection accepted) -> begin(self, accepted);
                case NetEvent.AcceptFailed _ -> {} // somebody else has answered
                case VioEvent.ReadReady(ReadVio reading) -> of(reading).writing().reenable();
                case VioEvent.WriteReady(WriteVio writing) -> of(writing).reading().reenable();
                case VioEvent.EndOfStream(ReadVio reading) -> of(reading).writing().request(reading.done());
                case VioEvent.WriteComplete(WriteVio writing) when of(writing) == up -> server.shutdownOutput();
                case VioEvent.WriteComplete _ -> end();
                default -> abort(); // reset, failed, timed out
            }
        }

        private void begin(Continuation self, Connection accepted) throws Exception {
            client = accepted;
            try {
                server = server(client.loop());
                up = Direction.begin(self, client, server);
                down = Direction.begin(self, server, client);
            } catch (IOException e) {
                abort(); // as above
            }
        }

        private Direction of(Vio vio) {
            return vio == up.reading() || vio == up.writing() ? up : down;
        }

        /** The client has its answer. */
        private void end() throws IOException {
            up.end();
            down.end();
            client.close();
            server.close();
        }

        private void abort() {
            client.abort();
            if (server != null) server.abort();
            if (up != null) up.end();
            if (down != null) down.end();
        }
    }

    /** What is read from one side is written to the other, through a buffer that holds back the faster one. */
    private record Direction(IoBuffer buffer, ReadVio reading, WriteVio writing) {
        static Direction begin(Continuation told, Connection from, Connection to) throws IOException {
            IoBuffer buffer = IoBuffer.open();
            return new Direction(
                    buffer,
                    from.read(told, buffer, Vio.UNBOUNDED),
                    to.write(told, buffer.reader(), Vio.UNBOUNDED));
        }

        void end() {
            reading.cancel();
            writing.cancel();
            buffer.close();
        }
    }

    // ---- the descriptor

    /** Connecting blocks a thread until it has been done: one of those that may be. */
    private Connection server(Loop loop) throws Exception {
        int descriptor = loop.offload(() -> Native.connectedTo(port));
        try {
            return Connection.adopt(descriptor, AdoptOptions.DEFAULT.withLoop(loop));
        } catch (IOException | UnsupportedOperationException e) {
            Native.close(descriptor); // it has been refused, or no loop but epoll's has descriptors: it is ours still
            throw e;
        }
    }

    /** The operating system, as a library in C would use it. */
    private static final class Native {
        private static final int AF_INET = 2;
        private static final int SOCK_STREAM = 1;
        private static final int SIZE = 16;
        private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT);
        private static final MethodHandle CONNECT = call("connect", JAVA_INT, ADDRESS, JAVA_INT);
        private static final MethodHandle CLOSE = call("close", JAVA_INT);

        private static MethodHandle call(String name, MemoryLayout... arguments) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(
                    linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
        }

        /** A socket that is connected to the port of 127.0.0.1. */
        static int connectedTo(int port) throws IOException {
            int descriptor = invoke(SOCKET, AF_INET, SOCK_STREAM, 0);
            if (descriptor < 0) throw new IOException("no more descriptors");
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment address = arena.allocate(SIZE, 4); // struct sockaddr_in, in the order of the network but for the family
                address.asByteBuffer()
                        .order(java.nio.ByteOrder.nativeOrder())
                        .putShort((short) AF_INET)
                        .order(java.nio.ByteOrder.BIG_ENDIAN)
                        .putShort((short) port)
                        .putInt(0x7f000001);
                if (invoke(CONNECT, descriptor, address, SIZE) == 0) return descriptor;
                close(descriptor);
                throw new IOException("nobody listens on 127.0.0.1:" + port);
            }
        }

        static void close(int descriptor) {
            invoke(CLOSE, descriptor);
        }

        private static int invoke(MethodHandle call, Object... arguments) {
            try {
                return (int) call.invokeWithArguments(arguments);
            } catch (Throwable e) {
                throw new IllegalStateException("the operating system could not be called", e);
            }
        }
    }
}
