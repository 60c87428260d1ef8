package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a queue says of what it cannot send. */
class SendQueueTest {
    private final List<ConnectionException> failures = new ArrayList<>();
    private final List<Piece> sent = new ArrayList<>();
    private RuntimeException thrown;

    private final SendQueue queue = new SendQueue(
            new SendQueue.Outlet() {
                @Override
                public int offer(byte[] bytes, int from, int count) {
                    return 0;
                }

                @Override
                public void send(Piece piece) {
                    if (thrown != null) throw thrown;
                    sent.add(piece);
                }

                @Override
                public void spawn(Runnable work) {
                    work.run();
                }

                @Override
                public void changed() {}

                @Override
                public void failed(ConnectionException failure) {
                    failures.add(failure);
                }
            },
            ClientOptions.DEFAULT);

    @Test
    void whateverIsThrownIsAFailure() {
        thrown = new UnsupportedOperationException("not this one");
        queue.open();
        queue.send(new byte[1], 0, 1);
        assertThat(failures).singleElement().satisfies(failure -> {
            assertThat(failure.reason()).isEqualTo(Reason.FAILED);
            assertThat(failure).hasCause(thrown);
        });
    }

    @Test
    void anEndThatWasRefusedMayBeAskedForAgain() {
        queue.open();
        queue.refuse("it is in a TLS handshake");
        assertThatThrownBy(queue::shutdown).isInstanceOf(IllegalStateException.class);
        queue.open();
        assertThat(queue.shutdown()).isTrue();
        assertThat(queue.shutdown()).isFalse();
        assertThat(sent).singleElement().isInstanceOf(Piece.End.class);
    }

    @Test
    void behindAnEndNothingIsAcceptedThoughItOpensAgain() {
        queue.open();
        queue.shutdown();
        queue.refuse("it is in a TLS handshake");
        queue.open();
        assertThat(queue.refusal()).isNotNull();
    }
}
