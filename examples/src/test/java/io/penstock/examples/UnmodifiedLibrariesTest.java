package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopSocketFactory;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;

/**
 * Drivers that block, in the handlers of one loop: each waits for its server at the same time as all the others, and the loop serves
 * whoever comes meanwhile. That they all wait is what their server says, and no matter of time.
 */
class UnmodifiedLibrariesTest {
    private static final int HANDLERS = 10;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** The driver's classes are loaded before; after that nothing may hold the loop for so long. */
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ofMillis(250)));

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    /** Has so many handlers do it at once. */
    private void inHandlers(Callable<String> work, Callable<Integer> waiting, Callable<?> release) throws Exception {
        Handler handler =
                exchange -> exchange.respond(200, exchange.request().path().equals("/ping") ? "pong" : work.call());
        try (var server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), handler);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            String url = "http:/" + server.address();
            long stalls = -1;
            for (int i = 0; i < 2; i++) { // the first time is to load the classes
                stalls = loops.stalls().count();
                var answers = new ArrayList<Future<String>>();
                for (int j = 0; j < HANDLERS; j++) {
                    answers.add(clients.submit(() -> Web.get(url + "/work").body()));
                }
                await().atMost(LIMIT).until(() -> waiting.call() == HANDLERS);
                assertThat(Web.get(url + "/ping").body()).isEqualTo("pong");
                assertThat(answers).noneMatch(Future::isDone);
                release.call();
                for (var answer : answers)
                    assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("done");
            }
            assertThat(loops.stalls().count()).isEqualTo(stalls);
            assertThat(loops.abandoned()).isZero();
        }
    }

    @Test
    void tenQueriesWaitAtOnceOnOneLoop(@TempDir Path directory) throws Exception {
        try (var postgres = PostgresServer.start(directory);
                var other = DriverManager.getConnection(postgres.url())) {
            run(other, "select pg_advisory_lock(1)");
            inHandlers(
                    () -> {
                        try (var database = DriverManager.getConnection(postgres.urlOnLoops())) {
                            run(database, "select pg_advisory_lock_shared(1)");
                            return "done";
                        }
                    },
                    () -> Integer.parseInt(run(other, "select count(*) from pg_locks where not granted")),
                    () -> {
                        run(other, "select pg_advisory_unlock(1)");
                        return run(other, "select pg_advisory_lock(1)"); // behind all who wait
                    });
        }
    }

    @Test
    void tenCommandsOfJedisWaitAtOnceOnOneLoop(@TempDir Path directory) throws Exception {
        try (var redis = RedisServer.start(directory)) {
            inHandlers(
                    () -> {
                        try (var jedis = jedis(redis)) {
                            return jedis.blpop(0, "queue").get(1);
                        }
                    },
                    () -> Integer.parseInt(redis.info("blocked_clients")),
                    () -> redis.command("RPUSH queue" + " done".repeat(HANDLERS)));
        }
    }

    private static Jedis jedis(RedisServer redis) {
        var noTimeout =
                DefaultJedisClientConfig.builder().socketTimeoutMillis(0).build();
        return new Jedis(
                () -> {
                    try {
                        return new LoopSocketFactory().createSocket("127.0.0.1", redis.port());
                    } catch (java.io.IOException e) {
                        throw new redis.clients.jedis.exceptions.JedisConnectionException(e);
                    }
                },
                noTimeout);
    }

    @Test
    void aStatementTimeoutOfTheDriverWorks(@TempDir Path directory) throws Exception {
        try (var postgres = PostgresServer.start(directory)) {
            var failure = new CompletableFuture<SQLException>();
            loops.next().spawn("query", () -> {
                try (var database = DriverManager.getConnection(postgres.urlOnLoops());
                        var query = database.createStatement()) {
                    query.setQueryTimeout(1); // a timer thread of the driver's own connects and cancels
                    query.execute("select pg_sleep(60)");
                } catch (SQLException e) {
                    failure.complete(e);
                }
            });
            assertThat(failure.get(30, TimeUnit.SECONDS).getMessage()).contains("canceling statement");
        }
    }

    private static String run(java.sql.Connection database, String sql) throws SQLException {
        try (var statement = database.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "";
        }
    }
}
