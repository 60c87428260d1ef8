package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisHandlerTest {
    @Test
    void itAnswersFromRedisAndKeepsItsConnections(@TempDir Path directory) throws Exception {
        try (var redis = RedisServer.start(directory)) {
            assertThat(redis.command("SET greeting 'hello, w\u00f6rld'")).isEqualTo("+OK");
            try (var program = Program.example(RedisHandler.class, "0", Integer.toString(redis.port()))) {
                long before = connections(redis);
                for (int i = 0; i < 20; i++) {
                    assertThat(Web.get(program.url("/greeting")).body()).isEqualTo("hello, w\u00f6rld\n");
                }
                assertThat(Web.get(program.url("/nothing")).statusCode()).isEqualTo(404);

                // 21 requests, each on a client connection of its own: as many connections as there are loops, at most
                long cores = Runtime.getRuntime().availableProcessors();
                assertThat(connections(redis) - before - 1).isBetween(1L, cores);
            }
        }
    }

    @Test
    void anErrorOfRedisIsAnsweredWith500AndDoesNotSpoilTheNextRequest(@TempDir Path directory) throws Exception {
        try (var redis = RedisServer.start(directory)) {
            redis.command("SET greeting hello");
            redis.command("LPUSH list one");
            try (var program = Program.example(RedisHandler.class, "0", Integer.toString(redis.port()))) {
                assertThat(Web.get(program.url("/list")).statusCode()).isEqualTo(500);
                assertThat(Web.get(program.url("/greeting")).body()).isEqualTo("hello\n");
            }
        }
    }

    /** How many connections Redis has accepted so far, the one that asks included. */
    private static long connections(RedisServer redis) throws Exception {
        return Long.parseLong(redis.info("total_connections_received"));
    }
}
