package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.Datagram;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One call of a port is one system call: there is no other in it. */
class MessageBatchTest {
    @Test
    void oneSystemCallMovesManyDatagrams() throws Exception {
        assumeTrue(Epoll.isAvailable(), "recvmmsg and sendmmsg are Linux's");
        var address = new InetSocketAddress("127.0.0.1", 0);
        KernelPort server = KernelPort.open(address, null, EpollWatch::new);
        KernelPort client = KernelPort.open(address, null, EpollWatch::new);
        try {
            server.bind(address);
            client.connect(server.localAddress());
            List<Datagram> many = Collections.nCopies(100, Datagram.of(new byte[] {1, 2, 3}, null));
            assertThat(client.send(many, 0)).isEqualTo(MessageBatch.SLOTS);
            assertThat(client.send(many, MessageBatch.SLOTS)).isEqualTo(100 - MessageBatch.SLOTS);
            assertThat(server.receive(100, 1500)).hasSize(MessageBatch.SLOTS);
            assertThat(server.receive(100, 65_535)).hasSize(MessageBatch.BYTES / 65_535);
            assertThat(server.receive(100, 0)).hasSize(20).allMatch(Datagram::truncated);
            assertThat(server.receive(100, 1500)).isEmpty();
        } finally {
            server.close();
            client.close();
        }
    }
}
