package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class HeaderProxyTest {
    @Test
    void theOriginAndTheClientSeeTheSameNumber() throws Exception {
        try (var loops = Loops.open();
                var origin = HttpServer.listen(
                        loops,
                        new InetSocketAddress("127.0.0.1", 0),
                        exchange -> exchange.respond(
                                200,
                                "origin saw " + exchange.request().headers().first("X-Request-Number")));
                var program = Program.example(HeaderProxy.class, "0", port(origin))) {
            var answer = Web.get(program.url("/"), "X-Request-Number", "made up");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("X-Request-Number")).hasValueSatisfying(number -> {
                assertThat(number).matches("\\d+");
                assertThat(answer.body()).isEqualTo("origin saw " + number);
            });
        }
    }

    private static String port(HttpServer server) {
        return Integer.toString(((InetSocketAddress) server.address()).getPort());
    }
}
