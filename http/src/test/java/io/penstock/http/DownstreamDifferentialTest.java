package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Input;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.cosocket.Differential;
import io.penstock.testkit.cosocket.IntendedDifference;
import io.penstock.testkit.cosocket.Requested;
import io.penstock.testkit.cosocket.Script;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The request's body and the raw connection, against {@code ngx.req.socket} of OpenResty. */
class DownstreamDifferentialTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final Loops LOOPS = Loops.open();
    private static Differential differential;
    private static HttpServer server;

    static Stream<Script> scripts() {
        return DownstreamScripts.list().stream();
    }

    @BeforeAll
    static void open() throws Exception {
        LEAKS.watch(LOOPS);
        differential = Differential.open(LOOPS);
        server = HttpServer.listen(
                LOOPS, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), DownstreamDifferentialTest::handle);
        differential.serving(server.address());
    }

    @AfterAll
    static void close() throws Exception {
        if (server != null) server.close();
        if (differential != null) differential.close();
        LOOPS.close();
    }

    private static void handle(Exchange exchange) throws Exception {
        differential.handle(exchange.request().target(), new OfExchange(exchange));
        if (!exchange.committed()) exchange.respond(200, "");
    }

    private record OfExchange(Exchange exchange) implements Requested {
        @Override
        public Input body() {
            return exchange.body();
        }

        @Override
        public Connection raw() throws ConnectionException {
            return exchange.takeOver(UnreadBody.RAW);
        }

        @Override
        public Connection takenOver() throws ConnectionException {
            return exchange.takeOver();
        }

        @Override
        public void timeouts(Timeouts limits) {
            exchange.connection().timeouts(limits);
        }

        @Override
        public void print(String text) throws ConnectionException {
            exchange.respond(200, text);
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void weDoWhatThePeerDoesOrSayWhyNot(Script script) throws Exception {
        differential.check(script);
    }

    @Test
    void everyDifferenceThatIsListedForRequestsShowsInSomeScript() {
        assertThat(scripts().flatMap(script -> script.differing().stream()).distinct())
                .containsAll(Stream.of(IntendedDifference.values())
                        .filter(IntendedDifference::isDownstream)
                        .toList());
    }
}
