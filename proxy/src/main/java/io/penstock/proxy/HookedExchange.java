package io.penstock.proxy;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.http.internal.Switching;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loop;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The exchange that a route's handler is given: the hooks see its answer before the client does. */
final class HookedExchange implements Exchange {
    private final Exchange exchange;
    private final Transaction transaction;

    /** Whether an answer is on its way past the hooks. */
    private final AtomicBoolean shown = new AtomicBoolean();

    HookedExchange(Exchange exchange, Transaction transaction) {
        this.exchange = exchange;
        this.transaction = transaction;
    }

    @Override
    public BodyOutput start(ResponseHead head) throws ConnectionException {
        show();
        try {
            Answer other = seen(head);
            if (other == null) return exchange.start(head);
            respond(other);
            return new Unheard();
        } finally {
            shown.set(false);
        }
    }

    @Override
    public void respond(ResponseHead head, byte[] body) throws ConnectionException {
        show();
        try {
            Answer other = seen(head);
            if (other == null) {
                exchange.respond(head, body);
            } else {
                respond(other);
            }
        } finally {
            shown.set(false);
        }
    }

    /** Of threads that answer at the same time one does; the hooks see its answer, and only that. */
    private void show() {
        if (!shown.compareAndSet(false, true)) {
            throw new IllegalStateException("another thread answers " + exchange + " at the moment");
        }
    }

    /** The hooks' look at the answer; what one of them answers instead, or null. What is too late, the exchange refuses. */
    private @Nullable Answer seen(ResponseHead head) {
        if (exchange.committed()) return null;
        try {
            return transaction.show(head);
        } catch (PluginFailure e) {
            throw new HandlerLeg.HookedFailure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private void respond(Answer other) throws ConnectionException {
        if (other instanceof Answer.Prepared prepared) exchange.respond(prepared.head(), prepared.body());
    }

    @Override
    public void respond(int status, String text) throws ConnectionException {
        respond(
                ResponseHead.of(status, Headers.of(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")),
                text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void inform(ResponseHead interim) throws ConnectionException {
        exchange.inform(interim);
    }

    @Override
    public Connection takeOver(UnreadBody unread) throws ConnectionException {
        Connection raw = exchange.takeOver(unread);
        transaction.takenOver(Tunnel.RAW);
        return raw;
    }

    /** A hook that answers instead has the last word: the client stays one of HTTP. */
    @Override
    public Connection takeOver(ResponseHead head, UnreadBody unread) throws ConnectionException {
        Switching.require(exchange.request(), head); // or the hooks would see a head that cannot be sent
        show();
        try {
            Answer other = seen(head);
            if (other != null) {
                respond(other);
                throw new HandlerLeg.Overruled("a plugin has answered " + exchange + " at the last hook");
            }
            Connection raw = exchange.takeOver(head, unread);
            transaction.takenOver(protocolOf(head));
            return raw;
        } finally {
            shown.set(false);
        }
    }

    private String protocolOf(ResponseHead head) {
        if (head.status() == 101) return String.join(", ", head.headers().all(HeaderNames.UPGRADE));
        return request().method().equals("CONNECT") ? Tunnel.CONNECT : Tunnel.RAW;
    }

    @Override
    public boolean takenOver() {
        return exchange.takenOver();
    }

    @Override
    public void onClientEnd(Consumer<ConnectionException.Reason> told) {
        exchange.onClientEnd(told);
    }

    @Override
    public void onShutdown(Loop.Task told) {
        exchange.onShutdown(told);
    }

    @Override
    public long id() {
        return exchange.id();
    }

    @Override
    public RequestHead request() {
        return transaction.request();
    }

    @Override
    public Body body() {
        return exchange.body();
    }

    @Override
    public Connection connection() {
        return exchange.connection();
    }

    @Override
    public boolean committed() {
        return exchange.committed();
    }

    @Override
    public int status() {
        return exchange.status();
    }

    @Override
    public long bytesSent() {
        return exchange.bytesSent();
    }
}
