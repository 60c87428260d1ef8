package io.penstock.net;

/**
 * How a {@link Listener} accepts connections. Immutable.
 *
 * @param timeouts what accepted connections start with; {@code connect} bounds all that happens before the handler gets one
 * @param backlog how many clients the operating system lets wait to be accepted; 1 or more
 * @param proxyHeader whether every connection begins with a PROXY header (version 1 or 2) that tells who the client is; one that does
 *     not is aborted and logged. Only where nobody but such proxies can connect: anybody may write anything into it
 */
public record ListenerOptions(Timeouts timeouts, int backlog, boolean proxyHeader) {
    /** {@link Timeouts#DEFAULT}, 4096 clients that wait, no PROXY header. */
    public static final ListenerOptions DEFAULT = new ListenerOptions(Timeouts.DEFAULT, 4096, false);

    public ListenerOptions {
        if (backlog < 1) throw new IllegalArgumentException("the backlog must be 1 or more, not " + backlog);
    }

    public ListenerOptions withTimeouts(Timeouts limits) {
        return new ListenerOptions(limits, backlog, proxyHeader);
    }

    public ListenerOptions withBacklog(int clients) {
        return new ListenerOptions(timeouts, clients, proxyHeader);
    }

    public ListenerOptions withProxyHeader(boolean required) {
        return new ListenerOptions(timeouts, backlog, required);
    }
}
