package io.penstock.net.internal;

import java.net.SocketAddress;

/** The address of an end that has none. */
final class Unnamed extends SocketAddress {
    static final Unnamed SOCKET = new Unnamed("unnamed");
    private static final long serialVersionUID = 1L;
    private final String text;

    Unnamed(String text) {
        this.text = text;
    }

    @Override
    public String toString() {
        return text;
    }
}
