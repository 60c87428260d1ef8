package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.event.Acceptor;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.NetEvent;
import io.penstock.net.event.Processor;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.TimerEvent;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.WriteVio;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;

/**
 * A TCP server that sends everything back, in event style: beside {@link LineEcho}, which does it in blocking style, to see what each asks for.
 *
 * <p>Shows: an acceptor, a continuation for each connection, a buffer that is read into and written from, what each end of a stream means.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/EventEcho.java 7000
 * curl telnet://127.0.0.1:7000            and type lines
 * </pre>
 */
public final class EventEcho {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: EventEcho PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        try (var loops = Loops.open()) {
            var net = Processor.of(loops);
            var clients = Continuation.of((self, event) -> {
                if (event instanceof NetEvent.Accepted(Connection client)) new EventEcho(client).start(net);
            });
            Acceptor acceptor = net.accept(address, ListenerOptions.DEFAULT, clients);
            System.out.println("echoing on " + acceptor.address());
            new CountDownLatch(1).await();
        }
    }

    private final Connection client;
    private final IoBuffer buffer = IoBuffer.open();
    private ReadVio reading;
    private WriteVio writing;

    @SuppressWarnings("NullAway.Init") // what is under way comes with the first event
    private EventEcho(Connection client) {
        this.client = client;
    }

    /** From now on everything happens on the client's loop, one event after the other. */
    private void start(Processor net) {
        net.on(client.loop()).immediately(Continuation.of(this::handle));
    }

    private void handle(Continuation self, Event event) throws ConnectionException {
        switch (event) {
            case TimerEvent.Immediate _ -> {
                writing = client.write(self, buffer.reader(), Vio.UNBOUNDED);
                reading = client.read(self, buffer, Vio.UNBOUNDED);
            }
            case VioEvent.ReadReady _ -> writing.reenable(); // there is something to be written
            case VioEvent.WriteReady _ -> reading.reenable(); // there is room again
            case VioEvent.EndOfStream _ ->
                writing.request(reading.done()); // so much is to be written, and then no more
            case VioEvent.WriteComplete _ -> {
                client.close();
                buffer.close();
            }
            default -> { // a reset, a failure, a timeout, and what this leads to
                client.abort();
                buffer.close();
            }
        }
    }
}
