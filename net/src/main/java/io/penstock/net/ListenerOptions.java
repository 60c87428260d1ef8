package io.penstock.net;

import org.jspecify.annotations.Nullable;

/**
 * How a {@link Listener} accepts connections. Immutable.
 *
 * @param timeouts what accepted connections start with; {@code connect} bounds all that happens before the handler gets one
 * @param backlog how many clients the operating system lets wait to be accepted; 1 or more
 * @param proxyHeader whether every connection begins with a PROXY header (version 1 or 2) that tells who the client is; one that does
 *     not is aborted and logged. Only where nobody but such proxies can connect: anybody may write anything into it
 * @param tls how they are secured, behind the PROXY header, before the handler gets them; null for not at all
 * @param standardStreams whether descriptor 0, 1 or 2 may be meant by {@link Listener#adopt}, as where inetd waits for this process. Such
 *     a number is not closed when it is adopted but leads to {@code /dev/null} from then on
 */
public record ListenerOptions(
        Timeouts timeouts,
        int backlog,
        boolean proxyHeader,
        @Nullable TlsServer tls,
        boolean standardStreams) {
    /** {@link Timeouts#DEFAULT}, 4096 clients that wait, no PROXY header, no TLS, no standard streams. */
    public static final ListenerOptions DEFAULT = new ListenerOptions(Timeouts.DEFAULT, 4096, false, null, false);

    public ListenerOptions {
        if (backlog < 1) throw new IllegalArgumentException("the backlog must be 1 or more, not " + backlog);
    }

    public ListenerOptions withTimeouts(Timeouts limits) {
        return new ListenerOptions(limits, backlog, proxyHeader, tls, standardStreams);
    }

    public ListenerOptions withBacklog(int clients) {
        return new ListenerOptions(timeouts, clients, proxyHeader, tls, standardStreams);
    }

    public ListenerOptions withProxyHeader(boolean required) {
        return new ListenerOptions(timeouts, backlog, required, tls, standardStreams);
    }

    public ListenerOptions withTls(TlsServer options) {
        return new ListenerOptions(timeouts, backlog, proxyHeader, options, standardStreams);
    }

    public ListenerOptions withStandardStreams(boolean allowed) {
        return new ListenerOptions(timeouts, backlog, proxyHeader, tls, allowed);
    }
}
