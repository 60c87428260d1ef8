package io.penstock.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.proxy.Phase;
import io.penstock.proxy.TransactionRecord;
import io.penstock.server.config.Config;
import io.penstock.server.config.LogTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
    private static final SocketAddress CLIENT = new InetSocketAddress("127.0.0.1", 54321);
    private static final SocketAddress LISTENER = new InetSocketAddress("::1", 8080);
    private static final SocketAddress ORIGIN = new InetSocketAddress("127.0.0.1", 9000);

    @TempDir
    Path directory;

    private static TransactionRecord answered(long id) {
        return record(id, RequestHead.of("GET", "/hello?a=\"b\"", Headers.of("Host", "example.com")), CLIENT);
    }

    private static TransactionRecord record(long id, @Nullable RequestHead request, SocketAddress client) {
        return new TransactionRecord(
                id,
                7,
                Instant.parse("2026-11-20T20:41:00.045Z"),
                client,
                LISTENER,
                request,
                200,
                0,
                6,
                31_000,
                2_999,
                701_000,
                812_345,
                "web",
                ORIGIN,
                true,
                1,
                TransactionRecord.EndedBy.NOBODY,
                Phase.DONE,
                null);
    }

    private static TransactionRecord tunnel(TransactionRecord.@Nullable EndedBy by, @Nullable String cause) {
        return new TransactionRecord(
                19,
                7,
                Instant.parse("2026-11-20T20:41:02.000Z"),
                CLIENT,
                LISTENER,
                RequestHead.of("CONNECT", "example.com:443"),
                200,
                120,
                4096,
                31_000,
                2_999,
                -1,
                60_000_812_345L,
                null,
                ORIGIN,
                false,
                1,
                by,
                Phase.TAKEN_OVER,
                new TransactionRecord.TakenOver(
                        "connect", cause == null ? 0 : 120, cause == null ? 0 : 4096, 60_000_000_000L, cause));
    }

    private static TransactionRecord refused() {
        return new TransactionRecord(
                18,
                7,
                Instant.parse("2026-11-20T20:41:01.999Z"),
                UnixDomainSocketAddress.of("/run/p.sock"),
                LISTENER,
                null,
                400,
                0,
                12,
                -1,
                -1,
                -1,
                5_000,
                null,
                null,
                false,
                0,
                TransactionRecord.EndedBy.CLIENT,
                Phase.READ_REQUEST_HEAD,
                null);
    }

    private static String line(LineFormat format, TransactionRecord record) {
        StringBuilder out = new StringBuilder();
        format.append(record, out);
        return out.toString();
    }

    @Test
    void aTextLineHasEverythingInItsPlace() {
        TextFormat format = new TextFormat();
        assertThat(line(format, answered(17)))
                .isEqualTo(
                        "2026-11-20T20:41:00.045Z #17 127.0.0.1:54321 \"GET /hello?a=\\x22b\\x22\" example.com 200 in=0"
                                + " out=6 total=812us wait=31us connect=2us first-byte=701us upstream=web origin=127.0.0.1:9000"
                                + " reused=yes attempts=1 ended=nobody phase=done\n");
        assertThat(line(format, refused()))
                .isEqualTo(
                        "2026-11-20T20:41:01.999Z #18 unix:/run/p.sock - - 400 in=0 out=12 total=5us wait=- connect=-"
                                + " first-byte=- upstream=- origin=- reused=- attempts=0 ended=client phase=read-request-head\n");
    }

    @Test
    void aJsonLineHasTheSameFieldsAndLeavesOutWhatThereWasNot() {
        JsonFormat format = new JsonFormat();
        assertThat(line(format, answered(17)))
                .isEqualTo(
                        "{\"time\":\"2026-11-20T20:41:00.045Z\",\"id\":17,\"session\":7,\"client\":\"127.0.0.1:54321\","
                                + "\"listener\":\"[0:0:0:0:0:0:0:1]:8080\",\"method\":\"GET\",\"target\":\"/hello?a=\\\"b\\\"\","
                                + "\"host\":\"example.com\",\"status\":200,\"in\":0,\"out\":6,\"total_us\":812,\"wait_us\":31,"
                                + "\"connect_us\":2,\"first_byte_us\":701,\"upstream\":\"web\",\"origin\":\"127.0.0.1:9000\","
                                + "\"reused\":true,\"attempts\":1,\"ended\":\"nobody\",\"phase\":\"done\"}\n");
        assertThat(line(format, refused()))
                .contains("\"client\":\"unix:/run/p.sock\",\"listener\"")
                .doesNotContain("method", "wait_us", "origin", "reused");
    }

    @Test
    void aConnectionThatIsTakenOverHasALineAtItsBeginAndOneAtItsEnd() {
        assertThat(line(new TextFormat(), tunnel(null, null)))
                .endsWith(
                        " ended=- phase=taken-over protocol=connect tunnel-in=0 tunnel-out=0 tunnel-time=- cause=-\n");
        assertThat(line(new TextFormat(), tunnel(TransactionRecord.EndedBy.NOBODY, "one-ended")))
                .endsWith(" ended=nobody phase=taken-over protocol=connect tunnel-in=120 tunnel-out=4096"
                        + " tunnel-time=60000000us cause=one-ended\n");
        assertThat(line(new JsonFormat(), tunnel(null, null)))
                .endsWith("\"phase\":\"taken-over\",\"protocol\":\"connect\",\"tunnel_in\":0,\"tunnel_out\":0}\n")
                .doesNotContain("ended", "cause");
        assertThat(line(new JsonFormat(), tunnel(TransactionRecord.EndedBy.CLIENT, "reset")))
                .endsWith("\"ended\":\"client\",\"phase\":\"taken-over\",\"protocol\":\"connect\",\"tunnel_in\":120,"
                        + "\"tunnel_out\":4096,\"tunnel_us\":60000000,\"cause\":\"reset\"}\n");
    }

    @Test
    void whatAClientSendsCannotForgeALine() {
        RequestHead hostile = RequestHead.of("GET", "/", Headers.of("Host", "a b\"\\\u00e9"));
        assertThat(line(new TextFormat(), record(1, hostile, CLIENT))).contains("\" a\\x20b\\x22\\x5c\\u00e9 200");
        assertThat(line(new JsonFormat(), record(1, hostile, CLIENT))).contains("\"host\":\"a b\\\"\\\\\\u00e9\"");
    }

    @Test
    void linesAreWrittenInTheirOrder() throws Exception {
        Path file = directory.resolve("access.log");
        try (AccessLog log = AccessLog.open(new Config.AccessLog(new LogTarget.ToFile(file), Config.LogFormat.TEXT))
                .orElseThrow()) {
            for (int id = 0; id < 2_000; id++) {
                log.closed(answered(id));
            }
        }
        assertThat(Files.readAllLines(file)).hasSize(2_000).satisfies(lines -> {
            for (int id = 0; id < lines.size(); id++) {
                assertThat(lines.get(id)).contains(" #" + id + " ");
            }
        });
    }

    @Test
    void aLogThatIsOffIsNone() throws Exception {
        assertThat(AccessLog.open(new Config.AccessLog(new LogTarget.Off(), Config.LogFormat.TEXT)))
                .isEmpty();
    }

    @Test
    void aSlowDiskCostsLinesButNeverTheCaller() throws Exception {
        CountDownLatch full = new CountDownLatch(1);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        AccessLog log = AccessLog.open(new TextFormat(), () -> new OutputStream() {
            @Override
            public void write(int b) {
                throw new AssertionError("lines are written in batches");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    full.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                written.write(bytes, offset, length);
            }
        });
        int sent = 0;
        while (log.dropped() == 0) {
            log.closed(answered(sent++));
            assertThat(sent).as("the queue is bounded").isLessThan(1_000_000);
        }
        full.countDown();
        log.close();
        assertThat(log.written()).isEqualTo(sent - log.dropped()).isGreaterThanOrEqualTo(AccessLog.CAPACITY);
        assertThat(written.toString(StandardCharsets.UTF_8).lines().count()).isEqualTo(log.written());
    }

    @Test
    void afterRotationLinesGoToTheNewFile() throws Exception {
        Path file = directory.resolve("access.log");
        Path moved = directory.resolve("access.log.1");
        try (AccessLog log = AccessLog.open(new Config.AccessLog(new LogTarget.ToFile(file), Config.LogFormat.TEXT))
                .orElseThrow()) {
            log.closed(answered(1));
            await().until(() -> log.written() == 1);
            Files.move(file, moved);
            log.reopen();
            await().until(() -> Files.exists(file));
            log.closed(answered(2));
            await().until(() -> log.written() == 2);
        }
        assertThat(Files.readString(moved)).contains(" #1 ").doesNotContain(" #2 ");
        assertThat(Files.readString(file)).contains(" #2 ").doesNotContain(" #1 ");
    }

    @Test
    void aFailingDiskIsTriedAgain() throws Exception {
        AtomicBoolean broken = new AtomicBoolean(true);
        ByteArrayOutputStream disk = new ByteArrayOutputStream();
        try (AccessLog log = AccessLog.open(new TextFormat(), () -> new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                if (broken.get()) {
                    throw new IOException("no space left");
                }
                disk.write(b);
            }
        })) {
            log.closed(answered(1));
            await().until(() -> log.dropped() == 1);
            broken.set(false);
            log.closed(answered(2));
            await().until(() -> log.written() == 1);
        }
        assertThat(disk.toString(StandardCharsets.UTF_8)).contains(" #2 ");
    }
}
