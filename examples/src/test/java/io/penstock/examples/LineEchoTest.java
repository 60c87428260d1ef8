package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class LineEchoTest {
    @Test
    void everyLineComesBackAndTheEndOfTheStreamToo() throws Exception {
        try (var program = Program.start(LineEcho.class.getName(), "0");
                var socket = new Socket(
                        InetAddress.getLoopbackAddress(), program.address().getPort())) {
            socket.getOutputStream().write("one\ntwo\r\nthree\n".getBytes(UTF_8));
            socket.shutdownOutput();

            assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("one\ntwo\nthree\n");
        }
    }

    /** The way each example says it is run: its source file given to {@code java}. */
    @Test
    void itRunsFromItsSourceFile() throws Exception {
        try (var program = Program.start("examples/src/main/java/io/penstock/examples/LineEcho.java", "0");
                var socket = new Socket(
                        InetAddress.getLoopbackAddress(), program.address().getPort())) {
            socket.getOutputStream().write("hello\n".getBytes(UTF_8));

            assertThat(new String(socket.getInputStream().readNBytes(6), UTF_8)).isEqualTo("hello\n");
        }
    }
}
