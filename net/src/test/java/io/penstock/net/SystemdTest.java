package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.Systemd.Inherited;
import io.penstock.net.internal.ServiceEnvironment;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a service takes from systemd and tells it. */
class SystemdTest {
    private static final long ME = 4711;

    @Test
    void socketsHaveTheirNamesAndWhoeverIsNotMeantHasNone() {
        var given = Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "3", "LISTEN_FDNAMES", "http::admin");
        assertThat(new ServiceEnvironment(given, ME).sockets())
                .containsExactly(new Inherited(3, "http"), new Inherited(4, "unknown"), new Inherited(5, "admin"));
        assertThat(new ServiceEnvironment(given, ME + 1).sockets()).isEmpty();
        assertThat(new ServiceEnvironment(Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "1"), ME).sockets())
                .containsExactly(new Inherited(3, "unknown"));
        assertThat(new ServiceEnvironment(Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "many"), ME).sockets())
                .isEmpty();
        assertThat(new ServiceEnvironment(Map.of(), ME).sockets()).isEmpty();
    }

    @Test
    void statesAreToldByPathAndByAbstractName(@TempDir Path directory) throws Exception {
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Linux");
        Path path = directory.resolve("notify");
        told(UnixDomainSocketAddress.of(path), path.toString());
        told(AbstractUnixAddress.of("penstock-test-" + ProcessHandle.current().pid()), null);
    }

    private static void told(SocketAddress address, String path) throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var manager = Datagrams.open(loops, DatagramOptions.at(address))) {
            var service = new ServiceEnvironment(Map.of("NOTIFY_SOCKET", path != null ? path : address.toString()), ME);
            assertThat(service.notify("READY=1\nSTATUS=serving")).isTrue();
            assertThat(next(manager)).isEqualTo("READY=1\nSTATUS=serving");
            assertThat(service.notify("RELOADING=1")).isTrue();
            assertThat(next(manager)).matches("RELOADING=1\nMONOTONIC_USEC=\\d+");
        }
    }

    private static String next(Datagrams manager) {
        return new String(Spawned.on(manager.loop(), manager::receive).value().data(), UTF_8);
    }

    @Test
    void nobodyIsToldWhereNobodyWantsToKnowOrIsThere(@TempDir Path directory) {
        assertThat(new ServiceEnvironment(Map.of(), ME).notify("READY=1")).isFalse();
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Linux");
        var nowhere = Map.of("NOTIFY_SOCKET", directory.resolve("none").toString());
        assertThat(new ServiceEnvironment(nowhere, ME).notify("READY=1")).isFalse();
    }
}
