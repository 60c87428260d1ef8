package io.penstock.proxy;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.NotAskedException;
import io.penstock.net.ConnectionException;

/** The part of a route's handler in a transaction: it answers by itself, or has failed to. */
final class HandlerLeg {
    private HandlerLeg() {}

    /** A failure of one plugin on its way through the handler of another. */
    static final class HookedFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final PluginFailure failure;

        HookedFailure(PluginFailure failure) {
            super(failure);
            this.failure = failure;
        }
    }

    /** Another plugin has answered in the place of a handler that wanted the connection itself. */
    static final class Overruled extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Overruled(String message) {
            super(message);
        }
    }

    /** @param route where it stands, for the log */
    static Answer serve(Transaction transaction, Handler handler, String plugin, Route route)
            throws PluginFailure, ConnectionException, InterruptedException {
        Exchange exchange = transaction.exchange();
        transaction.enter(Phase.HANDLE);
        try {
            handler.handle(new HookedExchange(exchange, transaction));
        } catch (InterruptedException e) {
            throw e;
        } catch (HookedFailure e) {
            throw e.failure;
        } catch (Overruled e) {
            return new Answer.Served();
        } catch (NotAskedException e) {
            if (exchange.committed()) throw transaction.abandon(failure(plugin, route, e));
            return transaction.own(Answer.Prepared.text(e.answer(), e.text()));
        } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
            if (e instanceof ConnectionException lost && transaction.isOfClient(lost)) throw lost;
            PluginFailure failure = failure(plugin, route, e);
            if (!exchange.committed()) throw failure;
            throw transaction.abandon(failure);
        }
        if (!exchange.committed()) throw new PluginFailure(plugin, "its route " + route.place(), "did not answer");
        return new Answer.Served();
    }

    private static PluginFailure failure(String plugin, Route route, Throwable cause) {
        return new PluginFailure(plugin, "its route " + route.place(), cause);
    }
}
