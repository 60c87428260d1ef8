package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Cork;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Output#cork}: what holds output back, and what lets it go. */
interface CorkContract extends Contract {
    private static boolean staysUnsent(Ends ends) {
        return Await.stays(Duration.ofMillis(60), () -> ends.sent() == 0);
    }

    @Test
    default void whatIsSentWaitsUntilTheCorkIsRemoved() throws Exception {
        Ends ends = open();
        Connection connection = ends.connection();
        Cork cork = connection.cork();
        for (String word : new String[] {"held ", "back"})
            ends.act(c -> c.send(word)).value();
        assertThat(staysUnsent(ends)).isTrue();
        cork.close();
        cork.close();
        assertThat(ends.peer().read(9)).isEqualTo(Payload.bytes("held back"));
        ends.act(c -> c.send("free")).value();
        assertThat(ends.peer().read(4)).isEqualTo(Payload.bytes("free"));
    }

    @Test
    default void theLastOfSeveralCorksCounts() throws Exception {
        Ends ends = open();
        Cork outer = ends.connection().cork();
        Cork inner = ends.connection().cork();
        ends.act(c -> c.send("x")).value();
        inner.close();
        inner.close();
        assertThat(staysUnsent(ends)).isTrue();
        outer.close();
        assertThat(ends.peer().read(1)).isEqualTo(Payload.bytes("x"));
    }

    @Test
    default void aFlushLetsOutWhatIsHeldBackAndNoMore() throws Exception {
        Ends ends = open();
        try (Cork _ = ends.connection().cork()) {
            ends.act(c -> {
                        c.send("now");
                        c.flush();
                        assertThat(ends.sent()).isEqualTo(3);
                        c.send("later");
                    })
                    .value();
            assertThat(Await.stays(Duration.ofMillis(60), () -> ends.sent() == 3))
                    .isTrue();
        }
        assertThat(ends.peer().read(8)).isEqualTo(Payload.bytes("nowlater"));
    }

    @Test
    default void noMoreIsHeldBackThanTheMark() throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(1 << 20);
        try (Cork _ = ends.connection().cork()) {
            var sending = ends.act(c -> {
                c.send(sent);
                c.flush();
            });
            Payload.expectSame(sent, ends.peer().read(sent.length));
            sending.value();
        }
    }

    @Test
    default void theEndOfTheOutputLeavesBehindWhatWasHeldBack() throws Exception {
        for (Ends.Act ending : new Ends.Act[] {Connection::shutdownOutput, Connection::close}) {
            Ends ends = open();
            ends.act(c -> {
                        c.cork();
                        c.send("the last");
                        ending.on(c);
                    })
                    .value();
            assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("the last"));
        }
    }
}
