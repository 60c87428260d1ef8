package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class SocketActivationTest {
    /** Does what systemd does: the socket is descriptor 3, and the variables say whose. */
    private static final String SYSTEMD = """
            import os, socket, sys
            listening = socket.socket()
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            os.dup2(listening.fileno(), 3)
            if listening.fileno() != 3: listening.close()
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="greetings")
            os.execv(sys.argv[1], sys.argv[1:])
            """;

    @Test
    void itServesOnTheSocketThatWasOpenedForIt() throws Exception {
        requirePython();
        try (var program = Program.exampleUnder(List.of("python3", "-c", SYSTEMD), SocketActivation.class);
                var client = new Socket(InetAddress.getLoopbackAddress(), program.port())) {
            assertThat(program.port()).isNotEqualTo(7000);
            assertThat(new String(client.getInputStream().readAllBytes(), UTF_8))
                    .startsWith("hello /127.0.0.1:");
        }
    }

    private static void requirePython() throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            there = false;
        }
        if (!there && "true".equals(System.getenv("CI")))
            throw new AssertionError("python3 must be installed where CI=true");
        Assumptions.assumeTrue(there, "python3 is not installed");
    }
}
