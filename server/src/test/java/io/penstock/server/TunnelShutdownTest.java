package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.proxy.Proxy;
import io.penstock.proxy.ProxyOptions;
import io.penstock.proxy.Route;
import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.Upstream;
import io.penstock.server.admin.ProxyMetrics;
import io.penstock.server.config.Config;
import io.penstock.server.config.LogTarget;
import io.penstock.server.log.AccessLog;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thousand live tunnels when the server is stopped: each is told of once, and everybody has counted the same. */
class TunnelShutdownTest {
    private static final int COUNT = 1_000;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    private static final Pattern ENDED = Pattern.compile(
            "\"id\":(\\d+),.*\"ended\":\"(\\w+)\".*\"tunnel_in\":(\\d+),\"tunnel_out\":(\\d+),.*\"cause\":\"(\\w+)\"");

    @TempDir
    Path directory;

    private final AtomicLong atOrigins = new AtomicLong();
    private final AtomicLong toClients = new AtomicLong();
    private final AtomicLong fromClients = new AtomicLong();

    /** Answers 101 and echoes, twice over; counts. */
    private void echo(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            skipHead(in);
            socket.getOutputStream().write(SWITCH.getBytes(StandardCharsets.ISO_8859_1));
            var piece = new byte[1024];
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                atOrigins.addAndGet(count);
                socket.getOutputStream().write(piece, 0, count);
                socket.getOutputStream().write(piece, 0, count);
            }
        } catch (IOException _) {
            // cut off, which the log has to tell
        }
    }

    private static void skipHead(InputStream in) throws IOException {
        for (int last = 0; last != 0x0d0a0d0a; ) {
            int next = in.read();
            if (next < 0) throw new IOException("no head");
            last = last << 8 | next;
        }
    }

    /** A client whose tunnel has passed some bytes on, each a different number, and is open. */
    private Socket tunnel(InetSocketAddress proxy, int number) throws IOException {
        var client = new Socket();
        client.connect(proxy, 60_000);
        client.setSoTimeout(60_000);
        byte[] bytes = "x".repeat(1 + number % 97).getBytes(StandardCharsets.ISO_8859_1);
        String request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        client.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        client.getOutputStream().write(bytes);
        fromClients.addAndGet(bytes.length);
        skipHead(client.getInputStream());
        toClients.addAndGet(client.getInputStream().readNBytes(2 * bytes.length).length);
        return client;
    }

    /** While the server is being stopped. */
    private void goOnAndEnd(Socket client) throws IOException {
        byte[] more = new byte[5000];
        client.getOutputStream().write(more);
        fromClients.addAndGet(more.length);
        client.shutdownOutput();
    }

    @Test
    void allThatEndWithinTheGraceAreDrained() throws Exception {
        stopWith(LIMIT, true);
    }

    @Test
    void allThatDoNotAreCutOffAndNoneIsLost() throws Exception {
        stopWith(Duration.ofMillis(300), false);
    }

    private void stopWith(Duration grace, boolean leave) throws Exception {
        var registry = new PrometheusRegistry();
        Path file = directory.resolve("access.log");
        try (var origin = new ServerSocket(0, COUNT, InetAddress.getLoopbackAddress());
                var loops = Loops.open(LoopOptions.DEFAULT.withStallThreshold(Duration.ZERO));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                var log = AccessLog.open(new Config.AccessLog(new LogTarget.ToFile(file), Config.LogFormat.JSON))
                        .orElseThrow();
                var upstream = Upstream.of("web", loops, List.of(origin.getLocalSocketAddress()))) {
            threads.submit(() -> {
                while (true) {
                    Socket socket = origin.accept();
                    threads.submit(() -> echo(socket));
                }
            });
            var metrics = new ProxyMetrics(registry, List.of("web"), List.of("tcp"));
            var proxy = Proxy.of(
                    loops,
                    ProxyOptions.DEFAULT,
                    List.of(Route.to(null, "/", upstream).withUpgrades("tcp")),
                    both(log, metrics));
            HttpServer server =
                    HttpServer.listen(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), proxy);
            List<Socket> clients = open(threads, (InetSocketAddress) server.address());
            assertThat(server.takenOver()).isEqualTo(COUNT);
            assertThat(value(registry, "penstock_tunnels_open")).isEqualTo(COUNT);

            Future<Boolean> drained = threads.submit(() -> server.drain(grace));
            if (leave) {
                for (Socket client : clients) goOnAndEnd(client);
                for (Socket client : clients)
                    toClients.addAndGet(client.getInputStream().readAllBytes().length);
                assertThat(toClients.get()).isEqualTo(2 * fromClients.get());
            }
            assertThat(drained.get()).isEqualTo(leave);

            await().atMost(LIMIT).until(() -> log.written() == 2 * COUNT);
            requireOneEndEach(Files.readAllLines(file), leave ? "nobody complete" : "penstock aborted");
            assertThat(value(registry, "penstock_tunnels_open")).isZero();
            assertThat(value(registry, "penstock_tunnels_opened")).isEqualTo(COUNT);
            assertThat(value(registry, "penstock_tunnels_closed")).isEqualTo(COUNT);
            assertThat(value(registry, "penstock_tunnel_bytes")).isEqualTo(fromClients.get() + toClients.get());
            assertThat(atOrigins).hasValue(fromClients.get());
            for (Socket client : clients) client.close();
            origin.close();
        }
    }

    private static TransactionRecord.Log both(AccessLog log, ProxyMetrics metrics) {
        return new TransactionRecord.Log() {
            @Override
            public void takenOver(TransactionRecord record) {
                log.takenOver(record);
                metrics.takenOver(record);
            }

            @Override
            public void closed(TransactionRecord record) {
                log.closed(record);
                metrics.closed(record);
            }
        };
    }

    private List<Socket> open(ExecutorService threads, InetSocketAddress proxy) throws Exception {
        var opening = new ArrayList<Future<Socket>>();
        for (int i = 0; i < COUNT; i++) {
            int number = i;
            opening.add(threads.submit(() -> tunnel(proxy, number)));
        }
        var clients = new ArrayList<Socket>();
        for (Future<Socket> each : opening) clients.add(each.get());
        return clients;
    }

    private void requireOneEndEach(List<String> lines, String ending) {
        Set<String> begun = lines.stream()
                .filter(line -> !line.contains("\"ended\""))
                .map(line -> line.replaceAll(".*\"id\":(\\d+),.*", "$1"))
                .collect(Collectors.toSet());
        assertThat(begun).hasSize(COUNT);
        Map<String, String> ended = new ConcurrentHashMap<>();
        long in = 0;
        long out = 0;
        for (String line : lines) {
            Matcher end = ENDED.matcher(line);
            if (!end.find()) continue;
            assertThat(ended.put(end.group(1), end.group(2) + " " + end.group(5)))
                    .isNull();
            in += Long.parseLong(end.group(3));
            out += Long.parseLong(end.group(4));
        }
        assertThat(ended.keySet()).isEqualTo(begun);
        assertThat(Set.copyOf(ended.values())).containsExactly(ending);
        assertThat(in).isEqualTo(fromClients.get());
        assertThat(out).isEqualTo(toClients.get());
    }

    /** The sum of all series. */
    private static long value(PrometheusRegistry registry, String name) {
        return registry.scrape().stream()
                .filter(each -> each.getMetadata().getName().equals(name))
                .flatMap(each -> each.getDataPoints().stream())
                .mapToLong(point -> (long)
                        switch (point) {
                            case CounterSnapshot.CounterDataPointSnapshot counter -> counter.getValue();
                            case GaugeSnapshot.GaugeDataPointSnapshot gauge -> gauge.getValue();
                            default -> throw new IllegalStateException(name);
                        })
                .sum();
    }
}
