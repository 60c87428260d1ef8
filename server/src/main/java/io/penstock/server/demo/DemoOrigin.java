package io.penstock.server.demo;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;

/** The origin of the demo: a greeting with the request as it arrived, and an echo of whatever is sent to {@code /echo}. */
public final class DemoOrigin implements Handler {
    @Override
    public void handle(Exchange exchange) throws ConnectionException {
        if (exchange.request().path().equals("/echo")) {
            exchange.respond(
                    ResponseHead.of(200, Headers.of("Content-Type", "application/octet-stream")), exchange.body());
            return;
        }
        StringBuilder page = new StringBuilder("This is the origin. Your request came through Penstock as\n\n");
        page.append(exchange.request().method())
                .append(' ')
                .append(exchange.request().target())
                .append('\n');
        exchange.request()
                .headers()
                .forEach((name, value) ->
                        page.append(name).append(": ").append(value).append('\n'));
        exchange.respond(200, page.toString());
    }
}
