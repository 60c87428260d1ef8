package io.penstock.net.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.slf4j.LoggerFactory;

/** One blocking accept and one blocking read on a virtual thread, so that the JDK's pollers of both kinds exist afterwards. */
final class PollerWarmUp {
    private PollerWarmUp() {}

    static void run() {
        try (var listener = new ServerSocket()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            Thread client = Thread.ofVirtual().start(() -> greet(listener.getLocalPort()));
            try (Socket accepted = listener.accept()) {
                accepted.getInputStream().read();
            }
            client.join();
        } catch (IOException e) {
            LoggerFactory.getLogger(PollerWarmUp.class).debug("No loopback to warm the JDK's socket pollers with", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void greet(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            Thread.yield(); // lets the other side reach its blocking read
            socket.getOutputStream().write(1);
        } catch (IOException e) {
            LoggerFactory.getLogger(PollerWarmUp.class).debug("No loopback to warm the JDK's socket pollers with", e);
        }
    }
}
