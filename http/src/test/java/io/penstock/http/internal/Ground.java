package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loops;

/** What a test of a server's connection stands on: it must not make a difference. */
enum Ground {
    PAIR,
    TCP;

    Served serve(Loops loops, HttpServerOptions options, Handler handler) throws ConnectionException {
        return serve(loops, new HttpService(options, handler));
    }

    Served serve(Loops loops, HttpService service) throws ConnectionException {
        return switch (this) {
            case PAIR -> Served.by(loops.next(), service);
            case TCP -> Served.overTcp(loops, service);
        };
    }
}
