package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The life of a proxy and its plugins. */
class ProxyTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    private final class Noting implements Plugin {
        private final boolean failing;

        Noting(boolean failing) {
            this.failing = failing;
        }

        private String name = "";

        @Override
        public void start(PluginContext penstock) {
            name = penstock.name();
            log.add("start " + name);
        }

        @Override
        public void stop() {
            log.add("stop " + name);
            if (failing) throw new IllegalStateException("on purpose");
        }
    }

    @Test
    void pluginsAreStoppedOnceInReverseOrderWhateverOneOfThemDoes() throws Exception {
        try (var captured = Captured.log();
                var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var proxy = Proxy.of(loops, List.of())) {
            proxy.start("a", new Noting(false));
            proxy.start("b", new Noting(true));
            proxy.start("c", new Noting(false));
            proxy.close();
            proxy.close();
            assertThat(log).containsExactly("start a", "start b", "start c", "stop c", "stop b", "stop a");
            assertThat(captured.lines()).anyMatch(line -> line.contains("plugin b failed to stop"));
        }
    }

    @Test
    void sessionsAreCountedWhileTheyLast() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).start()) {
            assertThat(rig.proxy().sessions()).isZero();
            Wire one = rig.client();
            Wire two = rig.client();
            one.get("/");
            two.get("/");
            assertThat(rig.proxy().sessions()).isEqualTo(2);
            one.close();
            await().atMost(Rig.LIMIT).until(() -> rig.proxy().sessions() == 1);
        }
    }

    @Test
    void optionsThatWouldBreakAHeadAreRefused() {
        assertThatThrownBy(() -> ProxyOptions.DEFAULT.withName("two words"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ProxyOptions.DEFAULT.withParkLimit(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anUpstreamHasAServer() {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            assertThatThrownBy(() -> Upstream.of("web", loops, List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("web");
        }
    }
}
