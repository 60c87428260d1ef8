package io.penstock.server.config;

/** Where to accept connections: at an address of our own, or on sockets that whoever started the program has opened. */
public sealed interface Place permits Address, InheritedSocket {
    /**
     * Reads an address as {@link Address#of(String)} does, {@code systemd:NAME} or {@code fd:3}.
     *
     * @throws IllegalArgumentException when it is none of these; the message says why
     */
    static Place of(String text) {
        if (text.startsWith(InheritedSocket.SYSTEMD)) {
            return InheritedSocket.named(text.substring(InheritedSocket.SYSTEMD.length()));
        }
        if (text.startsWith(InheritedSocket.DESCRIPTOR)) {
            return InheritedSocket.numbered(text.substring(InheritedSocket.DESCRIPTOR.length()));
        }
        return Address.of(text);
    }
}
