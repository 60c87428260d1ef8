package io.penstock.http;

import java.io.IOException;
import java.net.SocketAddress;

/**
 * A server that was asked to leave HTTP, by an upgrade or CONNECT, has given another answer: it is here, and its connection is over or
 * back in its pool.
 *
 * <p>Answers to Docker's "unable to upgrade to tcp, received 404", which drops what the server had to say.
 */
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final int EXCERPT = 200;

    private final transient HttpClient.Response answer;

    RefusedException(RequestHead request, HttpClient.Response answer, SocketAddress server) {
        super(message(request, answer, server));
        this.answer = answer;
    }

    private static String message(RequestHead request, HttpClient.Response answer, SocketAddress server) {
        String status = answer.status() + " " + answer.head().reason();
        String said = answer.text().strip();
        if (said.startsWith(status))
            said = said.substring(status.length()).replaceFirst("^[:.\\s]+", ""); // many servers say it twice
        return "the server at " + server + " has answered '" + request + "' with " + status
                + (said.isEmpty() ? "" : ": " + excerpt(said));
    }

    private static String excerpt(String text) {
        var line = new StringBuilder();
        text.codePoints()
                .limit(EXCERPT)
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .forEach(line::appendCodePoint);
        return line.toString();
    }

    /** Its status, headers and body; of the body at most 64 KiB, and what came within five seconds. */
    public HttpClient.Response answer() {
        return answer;
    }
}
