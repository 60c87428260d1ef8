package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before anything is dialled, and what is equal. */
class EndpointTest {
    private static final InetSocketAddress PROXY = new InetSocketAddress(loopback(), 1080);

    private static InetAddress loopback() {
        return InetAddress.ofLiteral("127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                | no host",
                "127.0.0.1:18081   | the port is an argument of its own",
                "[::1]:80          | the port is an argument of its own",
                "example.com:80    | the port is an argument of its own",
                "http://127.0.0.1  | without a scheme",
                "unix:/tmp/s       | UnixDomainSocketAddress",
                "UNIX:             | UnixDomainSocketAddress",
                "1::2::3           | a name or an address",
                "[127.0.0.1]       | a name or an address",
                "user@example.com  | a name or an address",
                "'exa mple.com'    | blanks",
                "256.1.1.1         | four numbers",
                "127.1             | four numbers",
                "a..b              | 1 to 63",
                ".                 | 1 to 63",
                "0123456789012345678901234567890123456789012345678901234567890123.org | 1 to 63",
            })
    void aHostThatIsNoneIsRefused(String host, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of(host, 80))
                .withMessageContaining(why);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of(InetSocketAddress.createUnresolved(host, 80)))
                .withMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "a",
                "example.com.",
                "under_score.example",
                "xn--bcher-kva.example",
                "b\u00fccher.example"
            })
    void aNameIsTakenAsItIs(String host) {
        assertThat(((InetSocketAddress) Endpoint.of(host, 80).address()).getHostString())
                .isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 65536, Integer.MAX_VALUE})
    void aPortThatIsNoneIsRefused(int port) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("localhost", port))
                .withMessageContaining("1 to 65535, not " + port);
    }

    @Test
    void allWaysToWriteAnAddressAreEqual() {
        assertThat(Endpoint.of("[::1]", 80))
                .isEqualTo(Endpoint.of("::1", 80))
                .isEqualTo(Endpoint.of("0:0:0:0:0:0:0:1", 80))
                .isEqualTo(Endpoint.of(new InetSocketAddress(InetAddress.ofLiteral("::1"), 80)));
        assertThat(Endpoint.of("127.0.0.1", 80)).isEqualTo(Endpoint.of(new InetSocketAddress(loopback(), 80)));
        assertThat(Endpoint.of("LocalHost", 80)).isEqualTo(Endpoint.of("localhost", 80));
    }

    @Test
    void namesBehindOneAddressAreTwoEndpointsWhenTheirCertificatesDiffer() throws Exception {
        var one = new InetSocketAddress(InetAddress.getByAddress("a.example", new byte[] {10, 0, 0, 1}), 443);
        var two = new InetSocketAddress(InetAddress.getByAddress("b.example", new byte[] {10, 0, 0, 1}), 443);
        assertThat(one).isEqualTo(two);
        assertThat(Endpoint.of(one).withTls(TlsClient.DEFAULT))
                .isNotEqualTo(Endpoint.of(two).withTls(TlsClient.DEFAULT));
    }

    @Test
    void theCertificateOfAServiceIsForTheDomainThatOffersIt() {
        var endpoint = Endpoint.ofService("_imaps._tcp.example.com").withTls(TlsClient.DEFAULT);
        assertThat(endpoint.tls()).isNotNull().extracting(TlsClient::serverName).isEqualTo("example.com");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis",
                "_redis.example.com",
                "redis.tcp.example.com",
                "_redis._tcp",
                "_redis._tcp.",
                "_redis._tcp.a b"
            })
    void aServiceHasAServiceAProtocolAndADomain(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> Endpoint.ofService(name));
    }

    @Test
    void aLocalAddressOfAnotherFamilyIsRefused() {
        var four = new InetSocketAddress(loopback(), 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("::1", 80).withLocal(four))
                .withMessageContaining("different families");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.of("localhost", 80).withLocal(InetSocketAddress.createUnresolved("here", 0)))
                .withMessageContaining("must be an address");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Endpoint.of(UnixDomainSocketAddress.of("/tmp/s")).withLocal(four))
                .withMessageContaining("UNIX");
        assertThat(Endpoint.of("::1", 80).withLocal(new InetSocketAddress(4000)).local())
                .isNotNull();
    }

    @Test
    void aProxyConnectsToHostsAndPortsOnly() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Endpoint.ofAbstract("s").withVia(new Via.Socks5(PROXY, null)))
                .withMessageContaining("@s");
    }

    @Test
    void anAbstractNameHasAtLeastOneByteAndFitsIntoTheKernels() {
        assertThatIllegalArgumentException().isThrownBy(() -> Endpoint.ofAbstract(""));
        assertThatIllegalArgumentException().isThrownBy(() -> Endpoint.ofAbstract("x".repeat(108)));
        assertThat(Endpoint.ofAbstract("x".repeat(107))).isEqualTo(Endpoint.ofAbstract("x".repeat(107)));
        assertThat(Endpoint.ofAbstract("a"))
                .isNotEqualTo(Endpoint.ofAbstract("b"))
                .hasToString(Endpoint.ofAbstract("a").toString());
    }

    @Test
    void optionsAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectorOptions.DEFAULT.withAttemptDelay(Duration.ofMillis(9)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ConnectorOptions(
                        Timeouts.DEFAULT,
                        null,
                        Duration.ofMillis(250),
                        Map.of(StandardSocketOptions.SO_SNDBUF, "much")))
                .withMessageContaining("Integer");
    }
}
