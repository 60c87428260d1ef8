package io.penstock.net.client;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;

/** What a test looks at on the other side. */
final class Peers {
    private Peers() {}

    /** Whether the stream ends, be it by a reset; then this side of it is closed, too. */
    static boolean ends(Socket peer) {
        try {
            peer.setSoTimeout(10_000);
            peer.getInputStream().readAllBytes();
            peer.close();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
