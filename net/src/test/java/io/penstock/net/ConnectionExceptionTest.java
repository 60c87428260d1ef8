package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ConnectionExceptionTest {
    @Test
    void whatAFailureCarriesDoesNotMakeItAnotherOne() {
        var plain = ConnectionException.of(Reason.EOF, Phase.READ, null);
        var carrying = plain.withPartial(new byte[] {1}).withSent(2);
        assertThat(carrying).hasMessage(plain.getMessage()).hasNoCause();
        assertThat(carrying.getStackTrace()).isEqualTo(plain.getStackTrace());
        assertThat(carrying.partial()).containsExactly(1);
        assertThat(carrying.sent()).isEqualTo(2);
    }

    @Test
    void aCauseIsKept() {
        var cause = new IOException("why");
        var failure = ConnectionException.of(Reason.FAILED, Phase.WRITE, null, "it failed", cause);
        assertThat(failure.withSent(1)).hasCause(cause);
    }
}
