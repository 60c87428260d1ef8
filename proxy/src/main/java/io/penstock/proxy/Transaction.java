package io.penstock.proxy;

import io.penstock.http.Body;
import io.penstock.http.Exchange;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakeOverEnd;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.RelayEnd;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.NetEvent;
import io.penstock.proxy.TransactionRecord.EndedBy;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its answer, from first byte to last.
 *
 * <p>It runs top to bottom on the virtual thread of the client's connection, in {@link #run()} below; handlers at its hooks run there too, so
 * its state needs no lock. A tunnel takes no thread: what comes behind it is the matter of another one. While it waits for a continuation, that one may use it from any thread until it calls {@link #resume()}. Answers
 * to Traffic Server's {@code TSHttpTxn}.
 */
public final class Transaction {
    private static final Logger LOG = LoggerFactory.getLogger(Transaction.class);

    private final Proxy proxy;
    private final Session session;
    private final Exchange exchange;
    private final TransactionDispatch hooks;
    private final Chronicle chronicle = new Chronicle();
    private RequestHead request;
    private @Nullable Answer given;
    private @Nullable RequestHead originRequest;
    private @Nullable ResponseHead response;
    private @Nullable Intercept intercept;
    private @Nullable Tunnel tunnel;
    private @Nullable Map<String, Object> data;
    private boolean bodyShown;
    private volatile Phase phase = Phase.READ_REQUEST_HEAD;

    Transaction(Proxy proxy, Session session, Exchange exchange) {
        this.proxy = proxy;
        this.session = session;
        this.exchange = exchange;
        this.request = exchange.request();
        this.hooks = new TransactionDispatch(proxy, this);
        session.begin(this);
    }

    // ---- the whole life

    void run() throws ConnectionException, InterruptedException {
        try {
            send(answer());
        } catch (PluginFailure e) { // at the last hook before the head: there is no other answer than this
            if (exchange.committed()) throw abandon(e);
            failed(e);
            exchange.respond(500, e.plugin() + " failed\n");
        } catch (ConnectionException e) {
            ended(whoseFault(e));
            throw e;
        } catch (InterruptedException e) {
            ended(EndedBy.PENSTOCK);
            throw e;
        } catch (RuntimeException e) {
            ended(EndedBy.PENSTOCK);
            if (exchange.committed()) throw e;
            LOG.error("transaction {} failed", id(), e);
            exchange.respond(500, "500 Internal Server Error\n");
        } finally {
            if (isTakenOver()) {
                hooks.leave();
            } else {
                close();
            }
        }
    }

    /** What is sent, also where whoever was to answer has failed. */
    private Answer answer() throws PluginFailure, ConnectionException, InterruptedException {
        try {
            return ask();
        } catch (OriginFailure e) {
            ended(whoseFault(e.failure()));
            if (intercept != null && intercept.hasFailed()) return Answer.Prepared.failure(intercept.plugin());
            LOG.info("transaction {}: {}", id(), e.getMessage());
            return e.page(proxy.options().name(), asked());
        } catch (PluginFailure e) {
            if (hooks.reached() == Hook.SEND_RESPONSE_HEAD) throw e; // a handler's answer has been shown to the hooks
            if (e.getCause() instanceof ConnectionException cause && isOfClient(cause)) return refusal(cause);
            failed(e);
            return Answer.Prepared.failure(e.plugin());
        } catch (ConnectionException e) {
            return refusal(e);
        }
    }

    /** Whoever answers first, answers: a plugin at a hook, a route's handler, or an origin. */
    private Answer ask() throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        if (at(Hook.TRANSACTION_START) || at(Hook.READ_REQUEST_HEAD) || at(Hook.PRE_REMAP)) return given();
        phase = Phase.ROUTE;
        Answer last = LastHop.answer(request);
        if (last != null) return own(last);
        if (request.method().equals("CONNECT")) return connect();
        Intercept plugin = intercept;
        if (plugin != null && plugin.isServer()) return OriginLeg.fetchWhole(this, plugin);
        Route route = proxy.routes().match(request);
        if (route == null) return own(Answer.Prepared.text(404, "no route for this host and path\n"));
        if (at(Hook.POST_REMAP) || at(Hook.CACHE_LOOKUP_COMPLETE)) return given();
        return switch (route.target()) {
            case Route.ToHandler(var handler, String owner) -> HandlerLeg.serve(this, handler, owner, route);
            case Route.ToUpstream(Upstream to, var upgrades) -> fetch(to, new Upgrades.Only(upgrades));
        };
    }

    private void send(Answer answer) throws PluginFailure, ConnectionException, InterruptedException {
        if (answer instanceof Answer.Served) return;
        if (!(answer instanceof Answer.Prepared)) passOn(answer.head());
        boolean taken = false;
        try {
            Answer other = show(answer.head());
            switch (other == null ? answer : other) {
                case Answer.Prepared(var head, byte[] body) -> exchange.respond(head, body);
                case Answer.Relayed(var source) -> {
                    var client = exchange.start(source.head());
                    taken = true;
                    source.relayTo(client);
                }
                case Answer.Tunnelled tunnelled -> {
                    taken = true;
                    Tunnel.open(this, tunnelled, proxy.options().tunnels());
                }
                case Answer.Served _ -> {}
            }
        } finally {
            if (!taken) answer.drop();
        }
    }

    private void close() {
        phase = Phase.DONE;
        chronicle.over();
        given = null;
        hooks.atAll(Hook.TRANSACTION_CLOSE);
        if (intercept != null) intercept.end();
        proxy.closed(this);
        session.endTransaction();
    }

    // ---- for handlers

    /** A number unique in this process, for logs. */
    public long id() {
        return exchange.id();
    }

    public Session session() {
        return session;
    }

    /** The client's request; its headers may be edited until an origin is asked. */
    public RequestHead request() {
        return request;
    }

    /** Puts another request in the place of the client's, for example with another target. Until the route is known. */
    public void request(RequestHead other) {
        hooks.requireBefore(Hook.POST_REMAP, "the request");
        request = other;
    }

    /** The client's body. Whoever reads it has it: the origin gets what is left. */
    public Body body() {
        bodyShown = true;
        return exchange.body();
    }

    /** The request for the origin, to be edited; null before {@link Hook#SEND_REQUEST_HEAD}. */
    public @Nullable RequestHead originRequest() {
        return originRequest;
    }

    /**
     * The answer's head, to be edited: the origin's at {@link Hook#READ_RESPONSE_HEAD}, the one for the client at
     * {@link Hook#SEND_RESPONSE_HEAD}.
     *
     * @throws IllegalStateException before there is one
     */
    public ResponseHead response() {
        ResponseHead head = response;
        if (head == null) throw new IllegalStateException("there is no response yet at " + hooks.reached());
        return head;
    }

    /** The origin to be asked, or the plugin in its place; null before {@link Hook#ORIGIN_RESOLVED}. */
    public @Nullable SocketAddress origin() {
        return chronicle.origin();
    }

    /** Has another origin asked, at {@link Hook#ORIGIN_RESOLVED}. Answers to {@code TSHttpTxnServerAddrSet}. */
    public void origin(SocketAddress address) {
        if (hooks.reached() != Hook.ORIGIN_RESOLVED) {
            throw new IllegalStateException("the origin is changed at ORIGIN_RESOLVED, not at " + hooks.reached());
        }
        chronicle.origin(address);
    }

    /**
     * What this has become behind a 101, or a 2xx to CONNECT; from {@link Hook#TUNNEL_START} on.
     *
     * @throws IllegalStateException when it is no tunnel of this proxy: there is none, or a route's handler has taken its connection over
     */
    public Tunnel tunnel() {
        Tunnel begun = tunnel;
        if (begun == null) throw new IllegalStateException("transaction " + id() + " is no tunnel");
        return begun;
    }

    /** Answers with a text: no further handler of this hook is called, and no origin. Until the answer's head has been sent. */
    public void respond(int status, String text) {
        answer(Answer.Prepared.text(status, text));
    }

    /** As {@link #respond(int, String)}, with a head of one's own; {@code Content-Length} is set. */
    public void respond(ResponseHead head, byte[] body) {
        answer(new Answer.Prepared(head, body));
    }

    /**
     * Has the plugin be the client's server for this transaction: it gets a connection, reads the request as the client has sent it, and
     * writes the answer, in HTTP. No route is needed, and no origin, address or cache is asked. Until {@link Hook#PRE_REMAP}.
     *
     * <p>The handler runs on a thread of its own, as that of a {@link Listener} does, and may be one. It reads as much of the body as it
     * likes, while it comes; it writes an HTTP/1 answer that ends by {@code Content-Length}, in chunks, or with the stream; and behind it
     * it receives the end, as there is one exchange only.
     *
     * <p>{@snippet :
     * transaction.intercept(connection -> {
     *     while (!connection.receiveLine().isEmpty()) {} // the head
     *     connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
     * });
     * }
     *
     * <p>What the client is sent is framed anew, and {@link Hook#SEND_RESPONSE_HEAD} shows it. A handler that throws is answered
     * 500, and what is no answer in HTTP, breaks off or does not come within the {@linkplain ProxyOptions#parkLimit() park limit} 502 or 504;
     * it is the plugin's failure in the log. Other handlers may still answer before it is asked. A CONNECT is never intercepted:
     * {@link PluginContext#connect} is for that. Answers to {@code TSHttpTxnIntercept}.
     *
     * @throws IllegalStateException when it is too late, or there is an intercept already; nothing has changed then
     */
    public void intercept(Listener.Handler server) {
        intercept(Intercept.Role.SERVER, new Intercept.Style.Blocking(server));
    }

    /**
     * As {@link #intercept(Listener.Handler)}, in event style: the continuation is told {@link NetEvent.Accepted} with the connection, which
     * it must end; or {@link NetEvent.AcceptFailed} when the transaction has ended without it.
     */
    public void intercept(Continuation server) {
        intercept(Intercept.Role.SERVER, new Intercept.Style.Told(server));
    }

    /**
     * Has the plugin be the origin for this transaction, if one is asked: a route to an upstream is needed, {@link Hook#SEND_REQUEST_HEAD}
     * and {@link Hook#READ_RESPONSE_HEAD} are called, and heads are changed as for any origin; but no address is looked up or connected
     * to, nor is anything tried again. Until {@link Hook#CACHE_LOOKUP_COMPLETE}; otherwise as {@link #intercept(Listener.Handler)}.
     *
     * <p>Answers to {@code TSHttpTxnServerIntercept}.
     */
    public void interceptAsOrigin(Listener.Handler server) {
        intercept(Intercept.Role.ORIGIN, new Intercept.Style.Blocking(server));
    }

    /** As {@link #interceptAsOrigin(Listener.Handler)}, in event style, as {@link #intercept(Continuation)} is. */
    public void interceptAsOrigin(Continuation server) {
        intercept(Intercept.Role.ORIGIN, new Intercept.Style.Told(server));
    }

    private void intercept(Intercept.Role role, Intercept.Style style) {
        hooks.requireTurn();
        hooks.requireBefore(
                role == Intercept.Role.SERVER ? Hook.PRE_REMAP : Hook.CACHE_LOOKUP_COMPLETE, "an intercept");
        if (intercept != null) {
            throw new IllegalStateException(
                    "transaction " + id() + " is intercepted already, by plugin " + intercept.plugin());
        }
        Duration limit = proxy.options().parkLimit();
        intercept = new Intercept(role, hooks.caller(), style, this, Timeouts.of(limit, limit, limit));
    }

    private void answer(Answer answer) {
        hooks.requireTurn();
        if (exchange.committed()) {
            throw new IllegalStateException("the answer of transaction " + id() + " has been sent already");
        }
        int status = answer.head().status();
        if (status < 200) throw new IllegalArgumentException("not the status of an answer: " + status);
        if (phase == Phase.HANDLE) throw new IllegalStateException("a route's handler answers through its exchange");
        given = answer;
    }

    /** Registers a handler for a hook that this transaction has not passed. */
    public Registration on(Hook<Transaction> hook, HookHandler<Transaction> handler) {
        return hooks.add(hook, new Hooks.Call.Blocking<>(handler));
    }

    /** As {@link #on(Hook, HookHandler)}, in event style. */
    public Registration on(Hook<Transaction> hook, Continuation continuation) {
        return hooks.add(hook, new Hooks.Call.Told<>(continuation));
    }

    /** Lets the transaction go on behind a continuation. Any thread, exactly once for each event; what it throws before is answered 500. */
    public void resume() {
        hooks.resume();
    }

    /** Values that plugins keep for the life of the transaction, by a key of their own. */
    public Map<String, Object> data() {
        if (data == null) data = new HashMap<>();
        return data;
    }

    /** What the transaction is doing. */
    public Phase phase() {
        return phase;
    }

    /** What a log shall name it by: its number, method and target. */
    @Override
    public String toString() {
        return "transaction " + id() + " (" + request.method() + " " + request.target() + ")";
    }

    // ---- its steps

    /** Calls the handlers at a hook; whether one of them has answered. */
    boolean at(Hook<Transaction> hook) throws PluginFailure, InterruptedException {
        return hooks.at(hook);
    }

    boolean isAnswered() {
        return given != null;
    }

    Answer given() {
        Answer answer = given;
        if (answer == null) throw new IllegalStateException("nobody has answered");
        return answer;
    }

    /** The last hooks' look at the head of an answer; what one of them answers instead, or null. */
    @Nullable
    Answer show(ResponseHead head) throws PluginFailure, InterruptedException {
        given = null;
        response = head;
        phase = Phase.SEND_RESPONSE;
        if (!at(Hook.SEND_RESPONSE_HEAD)) return null;
        response = given().head();
        return given;
    }

    /** An answer of this proxy itself, where nobody else is to be asked. */
    Answer own(Answer answer) {
        ended(EndedBy.PENSTOCK);
        return answer;
    }

    /** A tunnel to where a plugin, or else the listener, lets it lead. */
    private Answer connect() throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        Route route = proxy.connects().matchHost(request);
        if (route != null && route.target() instanceof Route.ToHandler(var handler, String plugin)) {
            return HandlerLeg.serve(this, handler, plugin, route);
        }
        ForwardProxy allowed = session.connects();
        if (allowed == null) return own(Answer.Prepared.parting(501, "this proxy opens no tunnels\n"));
        return ConnectLeg.open(this, allowed);
    }

    /** From an origin, or from the plugin that takes its place. */
    private Answer fetch(Upstream to, Upgrades allowed)
            throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        if (Upgrades.isGarbled(request)) return own(Answer.Prepared.parting(502, "this Upgrade cannot be passed on\n"));
        String upgrade = allowed.of(request);
        chronicle.upstream(to);
        return intercept == null ? OriginLeg.fetch(this, to, upgrade) : OriginLeg.fetch(this, intercept, upgrade);
    }

    /** Who was asked, for the page that says that it did not answer. */
    private String asked() {
        if (intercept != null && intercept.isContacted()) return "plugin:   " + intercept.plugin();
        String upstream = chronicle.upstream();
        return upstream == null ? "target:   " + request.target() : "upstream: " + upstream;
    }

    /** What a proxy changes in a head from elsewhere; a plugin that is the client's server is not elsewhere. */
    private void passOn(ResponseHead head) {
        if (request.method().equals("CONNECT")) return;
        if (intercept != null && intercept.isServer()) {
            proxy.heads().ownResponse(head);
        } else {
            proxy.heads().response(head);
        }
    }

    /** The client did not deliver its body: why, if it is still there to be told. */
    private Answer refusal(ConnectionException e) throws ConnectionException {
        ended(whoseFault(e));
        int status = switch (e.reason()) {
            case TIMEOUT -> 408;
            case MALFORMED -> 400;
            case TOO_LONG -> 413;
            default -> 0;
        };
        if (status == 0 || exchange.committed()) throw e;
        return Answer.Prepared.parting(status, ResponseHead.of(status).reason() + "\n");
    }

    // ---- its end

    /** Whether it is the client's connection that failed, and not that of an origin or of a plugin. */
    boolean isOfClient(ConnectionException failure) {
        return session.isPeer(failure.peer());
    }

    private EndedBy whoseFault(ConnectionException failure) {
        boolean limited = failure.reason() == ConnectionException.Reason.TIMEOUT && tunnel == null && isTakenOver();
        if (limited && isOfClient(failure)) return EndedBy.PENSTOCK; // not the client's: it need not say anything
        if (failure.phase() == ConnectionException.Phase.POOL) return EndedBy.PENSTOCK;
        return switch (failure.reason()) {
            case CLOSED, INTERRUPTED -> EndedBy.PENSTOCK;
            case BUSY_CONNECTING, BUSY_READING, BUSY_WRITING -> EndedBy.PLUGIN; // it is at it with two threads
            default -> {
                if (isOfClient(failure)) yield EndedBy.CLIENT;
                yield intercept != null && intercept.isContacted() ? EndedBy.PLUGIN : EndedBy.ORIGIN;
            }
        };
    }

    private void ended(EndedBy by) {
        chronicle.ended(by, phase);
    }

    private void failed(PluginFailure e) {
        ended(EndedBy.PLUGIN);
        log(e);
    }

    /** The head is out: the client can be told only by ending its connection, which the exchange does unless somebody else has it. */
    ConnectionException abandon(PluginFailure e) {
        failed(e);
        return ConnectionException.of(
                ConnectionException.Reason.FAILED,
                ConnectionException.Phase.WRITE,
                session.remoteAddress(),
                e.getMessage() + "",
                e);
    }

    /** Any thread. */
    void log(PluginFailure e) {
        proxy.failures().failed("transaction " + id(), e);
    }

    /** A route's handler has taken the connection itself: there is no answer but what it sends. */
    void takenOver(String protocol) {
        phase = Phase.TAKEN_OVER;
        chronicle.takenOver(protocol);
        proxy.takenOver(this);
    }

    /** The client's connection is one end of a tunnel from now on. */
    void takenOver(Tunnel begun) {
        tunnel = begun;
        takenOver(begun.protocol());
    }

    void ended(RelayEnd end, @Nullable PluginFailure plugin) {
        chronicle.cause(end.cause());
        if (plugin != null) failed(plugin);
        switch (end.cause()) {
            case COMPLETE, ONE_ENDED -> {}
            case IDLE, LINGER, LIFETIME, ABORTED -> ended(EndedBy.PENSTOCK);
            case RESET, TRUNCATED, FAILED ->
                ended(end.failure() == null ? EndedBy.PENSTOCK : whoseFault(end.failure()));
        }
        hooks.atAll(Hook.TUNNEL_END);
    }

    /** Asked of the connection as well: a thread of the handler may have taken it just now, and not yet have said so here. */
    private boolean isTakenOver() {
        return phase == Phase.TAKEN_OVER || exchange.connection().origin() == Origin.TAKEN_OVER;
    }

    /** The connection that was taken over from it has ended, or is HTTP's again: this is where the transaction ends. */
    void takeOverEnded(TakeOverEnd end) {
        if (tunnel != null) tunnel.ended();
        chronicle.takeOverEnded(end);
        switch (end.cause()) {
            case RESUMED, CLOSED -> {}
            case LOST -> ended(EndedBy.CLIENT);
            case FAILED, FORGOTTEN -> ended(EndedBy.PLUGIN);
            case ABORTED, TIMEOUT -> ended(EndedBy.PENSTOCK);
        }
        close();
    }

    TransactionRecord record() {
        return chronicle.record(this);
    }

    // ---- for its legs

    Exchange exchange() {
        return exchange;
    }

    Chronicle chronicle() {
        return chronicle;
    }

    /** The plugin whose handler is called at the moment, or null. */
    @Nullable
    String calling() {
        return hooks.calling();
    }

    /** The same, in words where there is none. */
    String caller() {
        return hooks.caller();
    }

    /** A new attempt: an origin is chosen, which a handler may change; whether one has answered instead. */
    boolean choose(SocketAddress address) throws PluginFailure, InterruptedException {
        chronicle.attempt(address);
        return at(Hook.ORIGIN_RESOLVED);
    }

    /** A plugin is asked in the place of an origin; there is no address to be found. */
    void choose(Intercept plugin) {
        chronicle.attempt(plugin.place());
    }

    void enter(Phase next) {
        phase = next;
    }

    /** Goes on to a phase of the origin's part; the origin's address. */
    SocketAddress enterAtOrigin(Phase next) {
        enter(next);
        SocketAddress address = origin();
        if (address == null) throw new IllegalStateException("no origin is chosen");
        return address;
    }

    RequestHead prepareOriginRequest(String upgrade) {
        RequestHead head = proxy.heads().request(request, session, enterAtOrigin(Phase.SEND_REQUEST), upgrade);
        if (intercept != null) head.headers().add("Connection", "close"); // one exchange is all that there will be
        originRequest = head;
        return head;
    }

    /** The request for a plugin that is the client's server. */
    RequestHead ownRequest() {
        return proxy.heads().ownRequest(request, Upgrades.ANY.of(request));
    }

    /** The bytes of the body that are left for the origin; -1 when only the end will tell. */
    long bodyLeft() {
        Body body = exchange.body();
        if (!bodyShown) return body.length();
        return body.isComplete() ? body.buffered() : -1;
    }

    /** The origin has announced something, which the client is to know as well. */
    void inform(ResponseHead interim) throws ConnectionException {
        passOn(interim);
        exchange.inform(interim);
    }

    /** The origin's head has come. */
    void received(ResponseHead head) {
        chronicle.firstByte();
        response = head;
    }
}
