package io.penstock.http.websocket.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Call;
import org.junit.jupiter.api.Test;

/** One writes a frame, one may wait for it. */
class TurnTest {
    private final Turn turn = new Turn();

    @Test
    void whoWaitsHasItNext() {
        assertThat(turn.tryEnter()).isTrue();
        Call<Boolean> waiting = Call.onPlatformThread(turn::enter).parked();
        assertThat(turn.tryEnter()).isFalse();
        turn.leave();
        assertThat(waiting.value()).isTrue();
        assertThat(turn.tryEnter()).isFalse();
        turn.leave();
        assertThat(turn.enter()).isTrue();
    }

    @Test
    void whoIsInterruptedWhileWaitingDoesNotHaveIt() {
        assertThat(turn.enter()).isTrue();
        Call<Boolean> waiting = Call.onPlatformThread(turn::enter).parked();
        waiting.interrupt();
        assertThat(waiting.value()).isFalse();
        turn.leave();
        assertThat(turn.tryEnter()).isTrue();
    }
}
