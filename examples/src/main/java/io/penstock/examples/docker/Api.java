package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.http.websocket.WebSocket;
import io.penstock.net.Connection;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The part of Docker's API that is needed to run commands and to talk to them. */
final class Api implements Handler {
    private static final String VERSION = "1.50";

    /** The most that a request may have in its body for nothing. */
    private static final int BODY = 1024;

    private final Engine engine;

    Api(Engine engine) {
        this.engine = engine;
    }

    @Override
    public void handle(Exchange exchange) throws Exception {
        try {
            dispatch(exchange, Call.of(exchange.request()));
        } catch (Refusal e) {
            answer(exchange, e.status(), Map.of("message", e.getMessage()));
        }
    }

    private void dispatch(Exchange exchange, Call call) throws Exception {
        switch (call.what()) {
            case "HEAD /_ping", "GET /_ping" -> ping(exchange);
            case "GET /version" -> version(exchange);
            case "GET /containers/json" -> list(exchange, call.flag("all"));
            case "POST /containers/create" -> create(exchange, call.parameter("name"));
            case "GET /containers/*/json" ->
                answer(exchange, 200, container(call).details());
            case "POST /containers/*/start" -> start(exchange, container(call).job(), 204);
            case "POST /containers/*/wait" -> await(exchange, container(call));
            case "POST /containers/*/attach" -> attach(exchange, container(call), call);
            case "GET /containers/*/attach/ws" -> attachSocket(exchange, container(call), call);
            case "GET /containers/*/logs" -> logs(exchange, container(call).job(), call.flag("follow"));
            case "POST /containers/*/kill" -> signal(exchange, container(call).job(), call.parameter("signal"));
            case "POST /containers/*/stop" -> signal(exchange, container(call).job(), "TERM");
            case "DELETE /containers/*" -> remove(exchange, container(call), call.flag("force"));
            case "POST /containers/*/exec" -> prepare(exchange, container(call));
            case "POST /exec/*/start" -> exec(exchange, exec(call));
            case "GET /exec/*/json" -> answer(exchange, 200, details(exec(call)));
            case "POST /containers/*/resize", "POST /exec/*/resize" -> answer(exchange, 200, Map.of());
            default -> throw new Refusal(404, "page not found");
        }
    }

    private Container container(Call call) throws Refusal {
        return engine.container(call.whom()).orElseThrow(() -> new Refusal(404, "No such container: " + call.whom()));
    }

    private Job exec(Call call) throws Refusal {
        return engine.prepared(call.whom())
                .orElseThrow(() -> new Refusal(404, "No such exec instance: " + call.whom()));
    }

    private static void ping(Exchange exchange) throws IOException {
        exchange.respond(200, Headers.of("Api-Version", VERSION, "Ostype", "linux"), "OK".getBytes(UTF_8));
    }

    private static void version(Exchange exchange) throws IOException {
        answer(
                exchange,
                200,
                Map.of("Version", "penstock", "ApiVersion", VERSION, "MinAPIVersion", "1.24", "Os", "linux"));
    }

    private void list(Exchange exchange, boolean all) throws IOException {
        answer(
                exchange,
                200,
                engine.containers().stream()
                        .filter(container -> all || container.job().isRunning())
                        .map(Container::summary)
                        .toList());
    }

    private void create(Exchange exchange, String name) throws Exception {
        var wanted = Json.read(exchange.body());
        if (!name.isEmpty() && engine.container(name).isPresent()) {
            throw new Refusal(409, "Conflict. The container name \"/" + name + "\" is already in use");
        }
        if (wanted.texts("Cmd").isEmpty() && wanted.texts("Entrypoint").isEmpty()) {
            throw new Refusal(400, "no command specified");
        }
        Container created = engine.create(name, wanted);
        answer(exchange, 201, Map.of("Id", created.id(), "Warnings", List.of()));
    }

    private static void start(Exchange exchange, Job job, int status) throws Exception {
        if (job.isStarted()) throw new Refusal(409, "it has been started before");
        if (!launch(exchange, job)) throw new Refusal(400, job.command().notFound());
        exchange.respond(status, "");
    }

    /** Starts it; false when there is no such program, which its tape says. */
    private static boolean launch(Exchange exchange, Job job) throws Exception {
        return exchange.connection().loop().offload(job::start);
    }

    /** The client waits for the head of this answer before it goes on; its body comes when the container has ended. */
    private static void await(Exchange exchange, Container container) throws Exception {
        BodyOutput body = exchange.start(ResponseHead.of(200, Headers.of("Content-Type", "application/json")));
        body.flush();
        body.send(Json.write(Map.of("StatusCode", container.removal().get())));
        body.finish();
    }

    private static void attach(Exchange exchange, Container container, Call call) throws Exception {
        Job job = container.job();
        if (job.exit().isDone()) throw new Refusal(409, "You cannot attach to a stopped container, start it first");
        var input = call.flag("stdin") ? container.input() : Session.Input.DROPPED;
        try (var output =
                call.flag("logs") ? job.tape().fromStart() : job.tape().fromNow()) {
            new Session(leaveHttp(exchange, job), job, input).run(output);
        }
    }

    private static void attachSocket(Exchange exchange, Container container, Call call) throws Exception {
        Job job = container.job();
        if (job.exit().isDone()) throw new Refusal(409, "You cannot attach to a stopped container, start it first");
        var input = call.flag("stdin") ? container.input() : Session.Input.DROPPED;
        try (var output =
                call.flag("logs") ? job.tape().fromStart() : job.tape().fromNow()) {
            WebSocket.handler(socket -> new AttachedSocket(socket, job, input).run(output))
                    .handle(exchange);
        }
    }

    private static void logs(Exchange exchange, Job job, boolean follow) throws Exception {
        StreamFormat format = job.command().format();
        BodyOutput body = exchange.start(ResponseHead.of(200, Headers.of("Content-Type", format.mediaType())));
        if (follow) {
            body.flush();
            try (var written = job.tape().fromStart()) {
                for (var chunk = written.next(); chunk.isPresent(); chunk = written.next())
                    format.send(chunk.get(), body);
            }
        } else {
            for (Chunk chunk : job.tape().kept()) format.send(chunk, body);
        }
        body.finish();
    }

    private static void signal(Exchange exchange, Job job, String name) throws Exception {
        String signal = name.isEmpty() ? "KILL" : name.replaceFirst("^SIG", "");
        if (!signal.matches("[A-Z0-9]+")) throw new Refusal(400, "invalid signal: " + name);
        boolean sent = exchange.connection().loop().offload(() -> job.signal(signal));
        if (!sent) throw new Refusal(409, "container is not running");
        exchange.respond(204, "");
    }

    private void remove(Exchange exchange, Container container, boolean force) throws Exception {
        if (container.job().isRunning() && !force) throw new Refusal(409, "cannot remove container: it is running");
        exchange.connection().loop().offload(() -> {
            engine.remove(container);
            return true;
        });
        exchange.respond(204, "");
    }

    private void prepare(Exchange exchange, Container container) throws Exception {
        var wanted = Json.read(exchange.body());
        if (!container.job().isRunning()) throw new Refusal(409, "container " + container.name() + " is not running");
        answer(exchange, 201, Map.of("Id", engine.prepare(Command.of(wanted, wanted.flag("AttachStdin")))));
    }

    private static void exec(Exchange exchange, Job job) throws Exception {
        if (Json.read(exchange.body()).flag("Detach")) {
            start(exchange, job, 200);
            return;
        }
        if (job.isStarted()) throw new Refusal(409, "it has been started before");
        try (var output = job.tape().fromNow()) {
            Connection client = leaveHttp(exchange, job);
            launch(exchange, job);
            new Session(client, job, Session.Input.WHOLE).run(output);
        }
    }

    /** With 101 where that is asked for, else as the first clients of Docker know it: by an answer that has no end. */
    private static Connection leaveHttp(Exchange exchange, Job job) throws IOException {
        Headers headers = Headers.of("Content-Type", job.command().format().mediaType());
        return exchange.request().offers("tcp")
                ? exchange.upgrade("tcp", headers, UnreadBody.drain(BODY))
                : exchange.takeOver(ResponseHead.of(200, headers), UnreadBody.drain(BODY));
    }

    private static Map<String, Object> details(Job job) {
        return Map.of("Running", job.isRunning(), "ExitCode", job.exit().getNow(0));
    }

    private static void answer(Exchange exchange, int status, Object value) throws IOException {
        exchange.respond(
                status,
                Headers.of("Content-Type", "application/json"),
                Json.write(value).getBytes(UTF_8));
    }
}
