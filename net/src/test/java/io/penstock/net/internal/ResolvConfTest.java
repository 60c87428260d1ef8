package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ResolverOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file as it is found in machines and containers. */
class ResolvConfTest {
    @TempDir
    Path directory;

    private ResolverOptions read(String text) throws IOException {
        return ResolvConf.read(Files.writeString(directory.resolve("resolv.conf"), text));
    }

    private static InetSocketAddress server(String address) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), 53);
    }

    @Test
    void aClusterHasItAllSet() throws Exception {
        var options = read("""
                # made by kubelet
                search web.svc.cluster.local svc.cluster.local cluster.local
                nameserver 10.96.0.10
                  nameserver\t2001:db8::53
                options ndots:5 timeout:1 attempts:3 edns0 trust-ad
                """);
        assertThat(options.servers()).containsExactly(server("10.96.0.10"), server("2001:db8::53"));
        assertThat(options.search()).containsExactly("web.svc.cluster.local", "svc.cluster.local", "cluster.local");
        assertThat(options.ndots()).isEqualTo(5);
        assertThat(options.timeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(options.attempts()).isEqualTo(3);
    }

    @Test
    void oddLinesAreNoObstacle() throws Exception {
        var options = read("""
                ; nothing
                nameserver
                nameserver dns.example
                nameserver 10.0.0.1 # and more
                domain one.example
                search .
                search two.example
                options
                options ndots: timeout:x attempts:99 ndots:99
                \u00ff
                sortlist 10.0.0.0
                """);
        assertThat(options.servers()).containsExactly(server("10.0.0.1"));
        assertThat(options.search()).containsExactly("two.example");
        assertThat(options.ndots()).isEqualTo(15);
        assertThat(options.attempts()).isEqualTo(5);
        assertThat(options.timeout()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void withoutAFileThereIsNoServer() {
        assertThat(ResolvConf.read(directory.resolve("missing")).servers()).isEmpty();
        assertThat(ResolvConf.read(directory).servers()).isEmpty();
    }
}
