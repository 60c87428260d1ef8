package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class ConnectProxyTest {
    @Test
    void curlIsLetThroughToWhatIsAllowedAndNowhereElse() throws Exception {
        try (var loops = Loops.open();
                var origin = HttpServer.listen(
                        loops,
                        new InetSocketAddress("127.0.0.1", 0),
                        exchange -> exchange.respond(200, exchange.request().target() + "\n"));
                var nobody = new ServerSocket(0)) {
            int port = ((InetSocketAddress) origin.address()).getPort();
            int closed = nobody.getLocalPort();
            nobody.close();
            String there = "http://LocalHost:" + port;
            try (var proxy = Program.example(ConnectProxy.class, "0", "localhost:" + port, "localhost:" + closed)) {
                String by = proxy.url("");
                assertThat(Web.curl("-p", "-x", by, there + "/one", there + "/two"))
                        .isEqualTo("/one\n/two\n");
                assertThat(Web.curl("-p", "-x", by, "http://127.0.0.1:" + port)).contains("403");
                assertThat(Web.curl("-p", "-x", by, "http://localhost:" + closed))
                        .contains("502");
                assertThat(Web.curl("-i", "-x", by, there))
                        .startsWith("HTTP/1.1 405 ")
                        .contains("Allow: CONNECT");
            }
        }
    }
}
