package io.penstock.http.internal;

import io.penstock.http.HttpServer;
import io.penstock.http.TakenOver;
import java.util.List;

/** A server that answers by a service, wherever its clients come from. */
abstract class ServiceServer implements HttpServer {
    final HttpService service;

    ServiceServer(HttpService service) {
        this.service = service;
    }

    @Override
    public int busy() {
        return service.busy();
    }

    @Override
    public int takenOver() {
        return service.takenOver();
    }

    @Override
    public List<TakenOver> takeOvers() {
        return service.takeOvers();
    }

    @Override
    public int aborted() {
        return service.aborted();
    }
}
