package io.penstock.examples.docker;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Timeouts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * What happens on a connection that HTTP has left: a job's output goes to the client, the client's input to the job.
 *
 * <p>The two directions end apart. The client's end is the end of the job's input, and its output goes on. The end of the output ends the
 * session, and what the client still sends then is received and dropped: a socket that is closed with unread input drops the output, too.
 */
record Session(Connection client, Job job, Input input) {
    /** What becomes of what the client sends. */
    enum Input {
        /** The job has no use for it. */
        DROPPED,
        /** The job reads it, and goes on reading what others send. */
        SHARED,
        /** The job reads it to its end. */
        WHOLE
    }

    private static final Timeouts NONE = Timeouts.of(Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /** How long the client may take to end its side behind the end of the output. */
    private static final Duration LINGER = Duration.ofSeconds(10);

    private static final int PIPE = 64 * 1024;

    /** Returns when it is over. A client who goes away takes nothing with it but the session. */
    void run(Tape.Reader output) throws InterruptedException {
        StreamFormat format = job.command().format();
        Thread typing = Thread.ofPlatform().daemon().name("stdin").start(this::receive);
        try {
            client.timeouts(NONE);
            for (var chunk = output.next(); chunk.isPresent(); chunk = output.next()) {
                format.send(chunk.get(), client);
            }
            client.shutdownOutput();
            typing.join(LINGER);
            client.close();
        } catch (ConnectionException _) {
            client.abort();
        }
    }

    private void receive() {
        byte[] buffer = new byte[PIPE];
        InputStream from = client.inputStream();
        try {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) pass(buffer, n);
        } catch (IOException _) {
            // the client has gone
        }
        if (input == Input.WHOLE) endInput();
    }

    private void pass(byte[] bytes, int count) {
        if (input == Input.DROPPED) return;
        try {
            OutputStream to = job.input();
            to.write(bytes, 0, count);
            to.flush();
        } catch (IOException _) {
            // the job takes no more; what is left is for nobody
        }
    }

    private void endInput() {
        try {
            job.input().close();
        } catch (IOException _) {
            // it had ended before
        }
    }
}
