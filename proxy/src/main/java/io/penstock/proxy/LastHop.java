package io.penstock.proxy;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The requests that go no further than this proxy, whatever the routes say: those whose {@code Max-Forwards} is used up, OPTIONS for the
 * server as such, which is this one, and the preface of HTTP/2. Source: RFC 9110 §7.6.2 and §9.3.8.
 */
final class LastHop {
    static final String MAX_FORWARDS = "Max-Forwards";

    /** What a client must not be shown in the answer to TRACE. */
    private static final String[] SECRETS = {
        HeaderNames.AUTHORIZATION, HeaderNames.PROXY_AUTHORIZATION, HeaderNames.COOKIE
    };

    private LastHop() {}

    /** The answer to a request that ends here; null when it goes on. */
    static @Nullable Answer answer(RequestHead request) {
        return switch (request.method()) {
            case "PRI" -> Answer.Prepared.text(505, "this proxy does not speak HTTP/2\n");
            case "TRACE" -> forwardsLeft(request) == 0 ? echo(request) : null;
            case "OPTIONS" ->
                request.target().equals("*") || forwardsLeft(request) == 0
                        ? new Answer.Prepared(ResponseHead.of(200), new byte[0])
                        : null;
            default -> null;
        };
    }

    /** How many proxies may still pass the request on; -1 when that is not limited, or not understood. */
    static int forwardsLeft(RequestHead request) {
        boolean counted = request.method().equals("TRACE") || request.method().equals("OPTIONS");
        String limit = counted ? request.headers().first(MAX_FORWARDS) : null;
        return limit != null && limit.matches("[0-9]{1,9}") ? Integer.parseInt(limit) : -1;
    }

    private static Answer echo(RequestHead request) {
        var text = new StringBuilder(request.toString()).append("\r\n");
        Headers shown = request.headers().copy();
        for (String secret : SECRETS) shown.remove(secret);
        shown.forEach(
                (name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        byte[] body = text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        return new Answer.Prepared(ResponseHead.of(200, Headers.of(HeaderNames.CONTENT_TYPE, "message/http")), body);
    }
}
