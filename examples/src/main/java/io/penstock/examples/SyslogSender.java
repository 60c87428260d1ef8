package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Semaphore;

/**
 * Sends messages to the syslog daemon of this machine (RFC 5424, over a UNIX datagram socket), and goes on when it was restarted.
 *
 * <p>Shows: a connected datagram socket with a name of the kernel's, which leaves no file behind; an error that tells that the peer has gone; a
 * limit for a peer that does not read.
 *
 * <p>Any thread may send.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/SyslogSender.java /dev/log "hello"
 * </pre>
 */
public final class SyslogSender implements AutoCloseable {
    /** How bad it is; the order is that of the numbers. */
    public enum Severity {
        EMERGENCY,
        ALERT,
        CRITICAL,
        ERROR,
        WARNING,
        NOTICE,
        INFORMATIONAL,
        DEBUG
    }

    private static final int USER_LEVEL = 1;
    private static final DatagramOptions OPTIONS =
            DatagramOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withWrite(Duration.ofSeconds(1)));

    private final Loops loops;
    private final SocketAddress daemon;
    private final String head;
    private final Semaphore turn = new Semaphore(1);
    private Datagrams socket;

    /**
     * @param program its name in the log: 1 to 48 characters of ASCII, without a space
     * @throws ConnectionException {@code REFUSED} when no daemon is there
     */
    public SyslogSender(Loops loops, SocketAddress daemon, String program) throws ConnectionException {
        if (!program.matches("[!-~]{1,48}")) throw new IllegalArgumentException("not a name for syslog: " + program);
        this.loops = loops;
        this.daemon = daemon;
        this.head = " - " + program + " " + ProcessHandle.current().pid() + " - - "; // the daemon knows the host
        this.socket = connect();
    }

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: SyslogSender SOCKET TEXT");
            System.exit(2);
        }
        try (var loops = Loops.open();
                var syslog = new SyslogSender(loops, UnixDomainSocketAddress.of(arguments[0]), "penstock")) {
            syslog.send(Severity.NOTICE, arguments[1]);
        }
    }

    /**
     * Sends a message, and waits while the daemon has no room for it, at most for a second.
     *
     * @throws ConnectionException {@code REFUSED} when no daemon is there, {@code TIMEOUT} when it does not read, {@code TOO_LONG}; the next
     *     message may be sent all the same
     */
    public void send(Severity severity, String text) throws ConnectionException {
        byte[] message = message(severity, text);
        turn.acquireUninterruptibly();
        try {
            boolean fresh = !socket.isOpen();
            if (fresh) socket = connect();
            try {
                socket.send(message);
            } catch (ConnectionException e) {
                if (e.reason() == Reason.TIMEOUT || e.reason() == Reason.TOO_LONG) throw e;
                socket.close();
                if (fresh) throw e;
                socket = connect(); // the daemon that we knew has gone; there may be another one by now
                socket.send(message);
            }
        } finally {
            turn.release();
        }
    }

    /** In the scope of the process: else it would end with the handler that happens to send first. */
    private Datagrams connect() throws ConnectionException {
        return Datagrams.connect(loops, daemon, OPTIONS).transfer(Scope.PROCESS);
    }

    private byte[] message(Severity severity, String text) {
        int priority = USER_LEVEL * 8 + severity.ordinal();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        String order = US_ASCII.newEncoder().canEncode(text) ? "" : "\ufeff"; // section 6.4: UTF-8 begins with a BOM
        return ("<" + priority + ">1 " + now + head + order + text).getBytes(UTF_8);
    }

    @Override
    public void close() {
        turn.acquireUninterruptibly();
        socket.close();
        turn.release();
    }
}
