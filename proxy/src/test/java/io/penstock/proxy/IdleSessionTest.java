package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.testkit.LeakCheck;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that stay connected and ask nothing: there may be very many of them. */
class IdleSessionTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    @Test
    void nothingIsKeptOfItsLastTransaction() throws Exception {
        var last = new AtomicReference<WeakReference<Transaction>>();
        try (var origin = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(
                                Hook.TRANSACTION_CLOSE, transaction -> last.set(new WeakReference<>(transaction))))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").status()).isEqualTo(200);
            await().untilAsserted(() -> assertThat(last.get()).isNotNull());
            await().atMost(Rig.LIMIT).untilAsserted(() -> {
                System.gc();
                assertThat(last.get().get()).isNull();
            });
            assertThat(client.get("/").status()).isEqualTo(200);
        }
    }
}
