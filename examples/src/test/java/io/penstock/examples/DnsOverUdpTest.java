package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Datagram;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DnsOverUdpTest {
    private static final int NO_SUCH_NAME = 3;

    private final Loops loops = Loops.open();
    private Datagrams server;
    private DnsOverUdp dns;

    @BeforeEach
    void open() throws Exception {
        server = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress("127.0.0.1", 0)));
        dns = new DnsOverUdp(loops, (InetSocketAddress) server.localAddress(), Duration.ofMillis(200));
    }

    @AfterEach
    void close() {
        server.close();
        loops.close();
    }

    @Test
    void theAddressesOfANameAreFound() throws Exception {
        serve(() -> {
            Datagram question = server.receive();
            assertThat(new String(question.data(), US_ASCII)).contains("\7example\3com\0");
            server.send(answer(question, 0, "192.0.2.1", "192.0.2.2"), question.peer());
        });
        assertThat(dns.addresses("example.com"))
                .containsExactly(InetAddress.getByName("192.0.2.1"), InetAddress.getByName("192.0.2.2"));
    }

    @Test
    void aQuestionThatIsLostIsAskedAgainAndALateAnswerToItIsNotTaken() throws Exception {
        serve(() -> {
            Datagram lost = server.receive();
            Datagram asked = server.receive();
            server.send(answer(lost, 0, "192.0.2.66"), lost.peer());
            server.send(answer(asked, 0, "192.0.2.1"), asked.peer());
        });
        assertThat(dns.addresses("example.com")).containsExactly(InetAddress.getByName("192.0.2.1"));
    }

    @Test
    void aNameThatDoesNotExistHasNoAddresses() throws Exception {
        serve(() -> {
            Datagram question = server.receive();
            server.send(answer(question, NO_SUCH_NAME), question.peer());
        });
        assertThat(dns.addresses("nobody.example")).isEqualTo(List.of());
    }

    @Test
    void itGivesUpWhenNobodyIsThere() {
        server.close();
        assertThatThrownBy(() -> dns.addresses("example.com"))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
    }

    private void serve(io.penstock.net.Loop.Task task) {
        server.loop().spawn("dns server", task);
    }

    /** The question, followed by records whose name is a pointer to it. */
    private static byte[] answer(Datagram question, int code, String... addresses) throws IOException {
        var message = ByteBuffer.allocate(512).put(question.data());
        message.putShort(2, (short) (0x8180 | code)).putShort(6, (short) addresses.length);
        for (String address : addresses) {
            message.putShort((short) 0xc00c)
                    .putShort((short) 1)
                    .putShort((short) 1)
                    .putInt(60);
            message.putShort((short) 4).put(InetAddress.getByName(address).getAddress());
        }
        byte[] bytes = new byte[message.flip().remaining()];
        message.get(bytes);
        return bytes;
    }
}
