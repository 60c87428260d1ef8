package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class LineEchoTest {
    @Test
    void everyLineComesBackAndTheEndOfTheStreamToo() throws Exception {
        try (var program = Program.example(LineEcho.class, "0");
                var socket = new Socket(
                        InetAddress.getLoopbackAddress(), program.address().getPort())) {
            socket.getOutputStream().write("one\ntwo\r\nthree\n".getBytes(UTF_8));
            socket.shutdownOutput();

            assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("one\ntwo\nthree\n");
        }
    }
}
