package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.penstock.http.RequestHead;
import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written in an allow-list, and what it covers. */
class ConnectTargetTest {
    private static boolean covers(String written, String asked) {
        return ConnectTarget.of(written).covers(ForwardProxy.targetOf(RequestHead.of("CONNECT", asked)));
    }

    @ParameterizedTest
    @CsvSource({
        "example.com:443, example.com:443",
        "Example.com:443, EXAMPLE.COM.:443",
        "example.com.:443, example.com:443",
        "*.example.com.:443, a.example.com:443",
        "*.example.com:443, a.b.example.com:443",
        "*:443, anything:443",
        "example.com:*, example.com:1",
        "*:*, 10.0.0.1:1",
        "10.0.0.1:22, 10.0.0.1:22",
        "[::1]:22, [0:0:0:0:0:0:0:1]:22",
    })
    void covered(String written, String asked) {
        assertThat(covers(written, asked)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "example.com:443, example.com:80",
        "example.com:443, a.example.com:443",
        "*.example.com:443, example.com:443",
        "*.example.com:443, badexample.com:443",
        "*.example.com:443, 10.0.0.1:443",
        "10.0.0.1:22, 10.0.0.2:22",
        "[::1]:22, [::2]:22",
    })
    void notCovered(String written, String asked) {
        assertThat(covers(written, asked)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "example.com",
                "example.com:0",
                "example.com:65536",
                "example.com:x",
                ":443",
                "::1:443",
                "[::1]",
                "*example.com:443",
                "a.*.com:1",
                "*.0.0.1:1",
                "300.1.1.1:1",
                "http://a:1"
            })
    void mistakes(String written) {
        assertThatIllegalArgumentException().isThrownBy(() -> ConnectTarget.of(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.9.9.9",
                "0.0.0.0",
                "0.1.2.3",
                "10.1.1.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.127.255.255",
                "192.0.0.1",
                "198.18.0.1",
                "198.19.255.255",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::127.0.0.1",
                "::ffff:10.0.0.1",
                "fe80::1",
                "fec0::1",
                "fc00::1",
                "fdff::1",
                "ff02::1",
                "64:ff9b::10.0.0.1",
                "64:ff9b:1:7f00:0:100:101:101",
                "::ffff:0:127.0.0.1",
                "2002:7f00:1::"
            })
    void internal(String address) {
        assertThat(InternalAddresses.contain(InetAddress.ofLiteral(address))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "100.63.0.1",
                "100.128.0.1",
                "172.15.0.1",
                "172.32.0.1",
                "192.0.1.1",
                "198.17.0.1",
                "198.20.0.1",
                "223.255.255.255",
                "2606:4700::1111",
                "64:ff9b::1.1.1.1",
                "2002:101:101::"
            })
    void external(String address) {
        assertThat(InternalAddresses.contain(InetAddress.ofLiteral(address))).isFalse();
    }
}
