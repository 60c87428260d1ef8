package io.penstock.server.config;

import io.penstock.net.LoopOptions;
import io.penstock.net.TlsEngine;
import io.penstock.proxy.ConnectTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the program runs: the configuration file, bound and checked. Immutable; read it with {@link ConfigFile#load}.
 *
 * <p>Component names are the keys of the file, {@code idleTimeout} being {@code idle-timeout}.
 */
public record Config(
        @Doc("Where to accept connections. At least one.") @Range(min = "1")
        List<Listener> listeners,

        @Doc("The administration listener: /metrics, /healthz, /readyz. Off unless it has an address.") @Default("{}")
        Admin admin,

        @Doc("Event loops, each with a thread of its own. Left out: one for each core.") @Range(min = "1", max = "1024")
        Optional<Integer> loops,

        @Doc("What talks to the operating system; auto takes epoll where there is one.") @Default("auto")
        LoopOptions.Transport transport,

        @Doc("Groups of origin servers, by a name that routes refer to.") @Default("{}")
        Map<String, Upstream> upstreams,

        @Doc(
                "Which request goes to which upstream. A route for its host goes before one for any host, then the one with"
                        + " the longest path.")
        @Default("[]")
        List<Route> routes,

        @Doc("A directory of plugins: every *.java in it is compiled and started. Relative to this file.")
        Optional<Path> plugins,

        @Doc("What origins are told of the way a request took.") @Default("{}")
        Forwarded forwarded,

        @Doc("How long connections last behind an upgrade or CONNECT. See Upgrades, WebSocket and CONNECT.")
        @Default("{}")
        Tunnels tunnels,

        @Doc("One line for each transaction.") @Default("{}")
        AccessLog accessLog,

        @Doc("How long clients may take.") @Default("{}") Client client,

        @Doc("How large a request may be.") @Default("{}") Limits limits,

        @Doc("How to stop.") @Default("{}") Shutdown shutdown,

        @Doc("The guard against code that blocks an event loop.") @Default("{}")
        Watchdog watchdog) {

    /** What origins are told of the way a request took. */
    public record Forwarded(
            @Doc("What the proxy calls itself in Via and Proxy-Status.") @Default("penstock")
            String name,

            @Doc(
                    "Passes on what clients say in Forwarded and X-Forwarded-*, and adds to it: right only behind another proxy."
                            + " Otherwise it is replaced.")
            @Default("false")
            boolean trust) {}

    /** A place to accept connections. */
    public record Listener(
            @Doc(
                    "host:port, :port, [v6]:port or unix:/path. Port 0 takes any free one. systemd:NAME for the sockets of a socket"
                            + " unit, fd:3 for a descriptor that was passed on.")
            Place address,

            @Doc("Serves https, and nothing else, here.") Optional<ListenerTls> tls,

            @Doc("Lets clients of this listener CONNECT, as those of a forward proxy. Left out: nobody may.")
            Optional<Connect> connect) {}

    /** What clients of a listener may reach by CONNECT. */
    public record Connect(
            @Doc(
                    "host:port that tunnels may lead to: example.com:443, *.example.com:443 for all below it, *:443 for any host,"
                            + " 10.0.0.5:* for any port. Everything else is refused.")
            @Range(min = "1")
            List<ConnectTarget> allow,

            @Doc(
                    "true lets them lead to loopback, private and link-local addresses too, whatever name is asked for. An address that"
                            + " is itself in the list is allowed anyway.")
            @Default("false")
            boolean internal,

            @Doc("To resolve and connect.") @Default("10s") @Range(min = "1ms", max = "10m")
            Duration timeout) {}

    /** How long connections last behind an upgrade or CONNECT. */
    public record Tunnels(
            @Doc("Ends one over which nothing went either way for this long; 0s for never.")
            @Default("1h")
            @Range(min = "0s", max = "720h")
            Duration idleTimeout,

            @Doc("The same, for one of which one side has ended its half.")
            @Default("1h")
            @Range(min = "0s", max = "720h")
            Duration linger,

            @Doc("Ends one that has lasted this long, whatever goes over it; 0s for never.")
            @Default("0s")
            @Range(min = "0s", max = "720h")
            Duration lifetime) {}

    /** How a listener's connections are secured. */
    public record ListenerTls(
            @Doc("A PEM file with the certificate of this server, then those that vouch for it.")
            Path certificate,

            @Doc("A PEM file with its private key: PKCS#8, not encrypted.")
            Path key,

            @Doc(
                    "Other certificates, for clients that ask for these names: www.example.com, or *.example.com for one label below.")
            @Default("{}")
            Map<String, Identity> names,

            @Doc("Whether clients are asked for a certificate: optional ones may be missing, but not be wrong.")
            @Default("none")
            ClientCertificates clientCertificates,

            @Doc("A PEM file with the authorities whose client certificates are believed.")
            Optional<Path> trust,

            @Doc("A PEM file with revocation lists: one of each authority in a client's chain.")
            Optional<Path> revoked,

            @Doc("TLSv1.2, TLSv1.3: which may be spoken. Left out: both.") @Default("[]")
            List<String> protocols,

            @Doc("What does the cryptography; auto takes BoringSSL where it is there.") @Default("auto")
            TlsEngine engine) {}

    /** A certificate and its key. */
    public record Identity(
            @Doc("A PEM file with the certificate, then those that vouch for it.")
            Path certificate,

            @Doc("A PEM file with its private key: PKCS#8, not encrypted.")
            Path key) {}

    /** Whether clients are asked for a certificate. */
    public enum ClientCertificates {
        NONE,
        OPTIONAL,
        REQUIRED
    }

    /** The administration listener. */
    public record Admin(
            @Doc("host:port or unix:/path. Must be a loopback address unless `expose` is true.")
            Optional<Address> address,

            @Doc("Allows an address that other machines can reach. There is no authentication.") @Default("false")
            boolean expose) {}

    /** A group of origin servers. */
    public record Upstream(
            @Doc("host:port, unix:/path or https://host of each server; they take turns.") @Range(min = "1")
            List<Server> servers,

            @Doc(
                    "How connections to all of its servers are secured. Not needed for https:// and the authorities of the JDK.")
            Optional<UpstreamTls> tls,

            @Doc("How many connections to one server there may be.") @Default("{}")
            Connections connections,

            @Doc("Connections kept for the next request.") @Default("{}")
            KeepAlive keepAlive,

            @Doc("How long a server may take.") @Default("{}")
            Timeouts timeouts) {
        /** How connections to its servers are secured; empty for plain HTTP. */
        public Optional<UpstreamTls> security() {
            if (tls.isPresent() || servers.stream().noneMatch(Server::https)) {
                return tls;
            }
            return Optional.of(UpstreamTls.DEFAULT);
        }
    }

    /** How connections to origins are secured. */
    public record UpstreamTls(
            @Doc("A PEM file with the authorities whose certificates are believed. Left out: those of the JDK.")
            Optional<Path> trust,

            @Doc("A PEM file with revocation lists: one of each authority in a server's chain.")
            Optional<Path> revoked,

            @Doc("The name that is asked for, and that the certificate must be for. Left out: the host of the server.")
            Optional<String> serverName,

            @Doc("false believes anybody, for tests: neither certificate nor name are looked at.") @Default("true")
            boolean verify,

            @Doc("A PEM file with the certificate that is shown to the server, then those that vouch for it.")
            Optional<Path> certificate,

            @Doc("A PEM file with its private key: PKCS#8, not encrypted.")
            Optional<Path> key,

            @Doc("TLSv1.2, TLSv1.3: which may be spoken. Left out: both.") @Default("[]")
            List<String> protocols,

            @Doc("What does the cryptography; auto takes BoringSSL where it is there.") @Default("auto")
            TlsEngine engine) {
        /** What {@code https://} alone means. */
        static final UpstreamTls DEFAULT = new UpstreamTls(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                TlsEngine.AUTO);
    }

    /** How many connections to one server there may be. */
    public record Connections(
            @Doc("Open connections to one server; never more.") @Default("4096") @Range(min = "1", max = "1000000")
            int limit,

            @Doc(
                    "Requests that wait, for the connect timeout at most, when the limit is reached; more are answered 503.")
            @Default("1024")
            @Range(min = "0", max = "1000000")
            int queue) {}

    /** Connections to origins that are kept for the next request. */
    public record KeepAlive(
            @Doc("Idle connections to keep on each event loop; 0 keeps none.")
            @Default("64")
            @Range(min = "0", max = "100000")
            int idle,

            @Doc("Closes a connection that was idle for this long. Choose less than the origin does.")
            @Default("60s")
            @Range(min = "1ms", max = "24h")
            Duration idleTimeout) {}

    /** How long an origin may take. */
    public record Timeouts(
            @Doc("To connect, name resolution and waiting for a connection to become free included.")
            @Default("5s")
            @Range(min = "1ms", max = "10m")
            Duration connect,

            @Doc("Between two reads, and until the first byte of an answer.")
            @Default("60s")
            @Range(min = "1ms", max = "24h")
            Duration read,

            @Doc("Until the origin takes the next bytes of a request.") @Default("60s") @Range(min = "1ms", max = "24h")
            Duration write) {}

    /** Which request goes to which upstream. */
    public record Route(
            @Doc("The host of the request, without a port; *.example.com for all below it. Left out: any host.")
            Optional<String> host,

            @Doc("The path of the request, or one it lies below: /api has /api and /api/x, but not /apix.")
            @Default("/")
            String path,

            @Doc("The name of an upstream.") String upstream,

            @Doc(
                    "Protocols that clients may Upgrade to, such as websocket or tcp; others are not offered to the origin. Left out:"
                            + " websocket. [] for none.")
            Optional<List<String>> upgrades) {}

    /** The log of transactions. */
    public record AccessLog(
            @Doc("- for standard output, off for none, or a file, relative to this one.") @Default("-")
            LogTarget path,

            @Doc("text: one line to read; json: one object a line to process.") @Default("text")
            LogFormat format) {}

    /** How a transaction is written to the log. */
    public enum LogFormat {
        TEXT,
        JSON
    }

    /** How long clients may take. */
    public record Client(
            @Doc("For a whole request head, from its first byte.") @Default("10s") @Range(min = "1ms", max = "24h")
            Duration headTimeout,

            @Doc("Between two requests.") @Default("60s") @Range(min = "1ms", max = "24h")
            Duration idleTimeout,

            @Doc("Between two reads of a request body, and until the client takes the next bytes of an answer.")
            @Default("30s")
            @Range(min = "1ms", max = "24h")
            Duration bodyTimeout) {}

    /** How large a request may be. */
    public record Limits(
            @Doc("The request line; longer ones are answered 414.") @Default("8KiB") @Range(min = "64B", max = "1MiB")
            Size requestLine,

            @Doc("All header lines together; more are answered 431.")
            @Default("32KiB")
            @Range(min = "256B", max = "16MiB")
            Size header,

            @Doc("The number of header lines; more are answered 431.") @Default("100") @Range(min = "1", max = "10000")
            int headers,

            @Doc("A request body; a larger one is answered 413.") @Default("unlimited")
            Size body) {}

    /** How to stop. */
    public record Shutdown(
            @Doc("How long requests in flight may take after SIGTERM before they are cut off.")
            @Default("30s")
            @Range(min = "0s", max = "24h")
            Duration grace) {}

    /** The guard of the event loops. */
    public record Watchdog(
            @Doc("Reports code that holds an event loop for longer, with its stack; 0s for never.")
            @Default("50ms")
            @Range(min = "0s", max = "1h")
            Duration threshold) {}
}
