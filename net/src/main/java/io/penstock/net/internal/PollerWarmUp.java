package io.penstock.net.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import org.slf4j.LoggerFactory;

/**
 * One wait for a connection that nobody makes: a virtual thread that really waits on a socket is what makes the JDK start its pollers,
 * those for reading and those for writing together.
 */
final class PollerWarmUp {
    private PollerWarmUp() {}

    static void run() {
        try (var listener = new ServerSocket()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            listener.setSoTimeout(1);
            listener.accept().close();
        } catch (SocketTimeoutException e) {
            // as meant: the pollers have waited a millisecond for us
        } catch (IOException e) {
            LoggerFactory.getLogger(PollerWarmUp.class).debug("No loopback to warm the JDK's socket pollers with", e);
        }
    }
}
