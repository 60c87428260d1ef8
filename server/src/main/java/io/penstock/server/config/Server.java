package io.penstock.server.config;

/**
 * An origin server: an address, or {@code https://} and a host.
 *
 * @param https whether it was written as a URL, and so must be secured
 */
public record Server(Address address, boolean https) {
    private static final String HTTPS = "https://";
    private static final int HTTPS_PORT = 443;

    /**
     * Reads an address as {@link Address#of(String)} does, or {@code https://host}, {@code https://host:port}.
     *
     * @throws IllegalArgumentException when it is neither; the message says why
     */
    static Server of(String text) {
        if (!text.regionMatches(true, 0, HTTPS, 0, HTTPS.length())) {
            return new Server(Address.of(text), false);
        }
        String host = text.substring(HTTPS.length());
        if (host.endsWith("/")) {
            host = host.substring(0, host.length() - 1);
        }
        if (host.indexOf('/') >= 0) {
            throw new IllegalArgumentException("a server has no path; requests keep the one they have");
        }
        boolean hasPort = host.lastIndexOf(':') > host.lastIndexOf(']');
        return new Server(Address.of(hasPort ? host : host + ":" + HTTPS_PORT), true);
    }

    @Override
    public String toString() {
        return https ? HTTPS + address : address.toString();
    }
}
