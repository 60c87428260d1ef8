package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.WebSocket;
import io.penstock.net.ConnectionException;
import java.io.IOException;

/**
 * What happens on a WebSocket that is attached to a job: what the job writes are binary messages, what comes is its input.
 *
 * <p>Either end is the end of it. A WebSocket has no half-close, so a client that closes has seen enough; the job goes on.
 */
record AttachedSocket(WebSocket socket, Job job, Session.Input input) {
    /** Returns when it is over. */
    void run(Tape.Reader output) {
        Thread writing = Thread.currentThread();
        Thread typing = Thread.ofPlatform().daemon().name("stdin").start(() -> {
            receive();
            writing.interrupt(); // it may wait for a job that says nothing
        });
        try {
            for (var chunk = output.next(); chunk.isPresent(); chunk = output.next()) {
                socket.send(chunk.get().bytes());
            }
            socket.close(CloseCode.NORMAL, "it has ended");
            typing.join();
        } catch (ConnectionException | InterruptedException _) {
            // the client has gone
        }
    }

    private void receive() {
        try {
            while (true) {
                switch (socket.receive()) {
                    case Message.Binary(byte[] bytes) -> pass(bytes);
                    case Message.Text(String text) -> pass(text.getBytes(UTF_8));
                    case Message.Close _ -> {
                        return;
                    }
                }
            }
        } catch (ConnectionException _) {
            // it has gone without a word
        }
    }

    private void pass(byte[] bytes) {
        if (input == Session.Input.DROPPED) return;
        try {
            job.input().write(bytes);
            job.input().flush();
        } catch (IOException _) {
            // the job takes no more; what is left is for nobody
        }
    }
}
