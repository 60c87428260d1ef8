package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.examples.SyslogSender.Severity;
import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Datagram;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Loops;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyslogSenderTest {
    @TempDir
    Path directory;

    private final Loops loops = Loops.open();

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private UnixDomainSocketAddress path() {
        return UnixDomainSocketAddress.of(directory.resolve("log"));
    }

    private Datagrams daemon() throws ConnectionException {
        return Datagrams.open(loops, DatagramOptions.at(path()));
    }

    private SyslogSender syslog() throws ConnectionException {
        return new SyslogSender(loops, path(), "test");
    }

    private static String text(Datagram message) {
        return new String(message.data(), UTF_8);
    }

    @Test
    void aMessageHasTheFormOfTheStandard() throws Exception {
        try (var daemon = daemon();
                var syslog = syslog()) {
            syslog.send(Severity.ERROR, "disk full");
            syslog.send(Severity.DEBUG, "\u00fcber");
            String head = ">1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3}|\\.\\d{6})?Z - test "
                    + ProcessHandle.current().pid() + " - - ";
            assertThat(text(daemon.receive())).matches("<11" + head + "disk full");
            assertThat(text(daemon.receive())).matches("<15" + head + "\ufeff\u00fcber");
        }
    }

    @Test
    void aDaemonThatWasRestartedGetsWhatIsSentFromThenOn() throws Exception {
        var daemon = daemon();
        try (var syslog = syslog()) {
            syslog.send(Severity.NOTICE, "one");
            assertThat(text(daemon.receive())).endsWith(" one");
            daemon.close();
            assertThatThrownBy(() -> syslog.send(Severity.NOTICE, "lost"))
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
            daemon = daemon();
            syslog.send(Severity.NOTICE, "two");
            assertThat(text(daemon.receive())).endsWith(" two");
            daemon.close();
            daemon = daemon(); // and nobody has noticed that it was gone
            syslog.send(Severity.NOTICE, "three");
            assertThat(text(daemon.receive())).endsWith(" three");
        } finally {
            daemon.close();
        }
    }

    @Test
    void withoutADaemonThereIsNoSender() {
        assertThatThrownBy(this::syslog)
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED));
    }

    @Test
    void aDaemonThatDoesNotReadHoldsNobodyUpForLongAndTheSenderLeavesNoFile() throws Exception {
        try (var daemon = daemon();
                var syslog = syslog()) {
            assertThatThrownBy(() -> {
                        while (true) syslog.send(Severity.INFORMATIONAL, "x".repeat(10_000));
                    })
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
            assertThat(daemon.receive().peer()).isInstanceOf(AbstractUnixAddress.class);
            syslog.send(Severity.INFORMATIONAL, "there is room again");
            try (var files = Files.list(directory)) {
                assertThat(files).containsExactly(path().getPath());
            }
        }
    }

    @Test
    void aNameThatTheHeadCannotHaveIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new SyslogSender(loops, path(), "two words"));
    }
}
