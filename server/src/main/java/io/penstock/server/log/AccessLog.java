package io.penstock.server.log;

import io.penstock.proxy.TransactionRecord;
import io.penstock.server.config.Config;
import io.penstock.server.config.LogTarget;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line for each transaction, and one for each connection that is taken over, on a thread of its own.
 *
 * <p>Taking a record never blocks and may be called from any thread: the record is queued, and the thread woken at most once for
 * each batch, so that an event loop does not pay a system call per line. When the disk does not keep up and the queue is full,
 * lines are dropped and counted. Owned by the program.
 */
public final class AccessLog implements TransactionRecord.Log, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    /** How many records may wait; above it they are dropped. */
    static final int CAPACITY = 16_384;

    /** How long lines may wait for others to be written with them. */
    private static final Duration GATHERING = Duration.ofMillis(50);

    private static final int BATCH_CHARACTERS = 64 * 1024;

    /** Where the bytes go; opened again for log rotation, and after a failure. */
    @FunctionalInterface
    interface Destination {
        OutputStream open() throws IOException;
    }

    private final Queue<TransactionRecord> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean idle = new AtomicBoolean();
    private final LongAdder written = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LineFormat format;
    private final Destination destination;
    private final Thread writer;
    private OutputStream out;
    private boolean failing;
    private volatile boolean reopening;
    private volatile boolean closing;

    private AccessLog(LineFormat format, Destination destination) throws IOException {
        this.format = format;
        this.destination = destination;
        this.out = destination.open();
        this.writer = Thread.ofPlatform().name("penstock-access-log").daemon().unstarted(this::write);
    }

    /**
     * Opens the log that a configuration asks for, and starts its thread; empty when it asks for none.
     *
     * @throws IOException when the file cannot be opened for appending
     */
    public static Optional<AccessLog> open(Config.AccessLog config) throws IOException {
        LineFormat format = switch (config.format()) {
            case TEXT -> new TextFormat();
            case JSON -> new JsonFormat();
        };
        return switch (config.path()) {
            case LogTarget.Off _ -> Optional.empty();
            case LogTarget.StandardOutput _ -> Optional.of(open(format, StandardOutput::new));
            case LogTarget.ToFile(Path path) ->
                Optional.of(open(
                        format,
                        () -> Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
        };
    }

    static AccessLog open(LineFormat format, Destination destination) throws IOException {
        AccessLog log = new AccessLog(format, destination);
        log.writer.start();
        return log;
    }

    @Override
    public void takenOver(TransactionRecord record) {
        add(record);
    }

    @Override
    public void closed(TransactionRecord record) {
        add(record);
    }

    private void add(TransactionRecord record) {
        int before = waiting.getAndIncrement();
        if (before >= CAPACITY || closing) {
            waiting.getAndDecrement();
            dropped.increment();
            return;
        }
        queue.add(record);
        if (before == CAPACITY / 2 || (idle.get() && idle.compareAndSet(true, false))) {
            LockSupport.unpark(writer);
        }
    }

    /** The lines written so far. */
    public long written() {
        return written.sum();
    }

    /** The lines lost so far: the queue was full, or writing failed. */
    public long dropped() {
        return dropped.sum();
    }

    /** Opens the file again before the next line, after it was moved away. Returns at once. */
    public void reopen() {
        reopening = true;
        LockSupport.unpark(writer);
    }

    /** Writes what is queued and ends the thread; waits for it at most two seconds. Idempotent. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(writer);
        try {
            writer.join(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        StringBuilder batch = new StringBuilder(BATCH_CHARACTERS + 4096);
        while (true) {
            boolean last = closing;
            if (reopening) {
                reopening = false;
                openAgain();
            }
            while (!queue.isEmpty()) {
                writeBatch(batch);
            }
            if (last) {
                closeQuietly();
                return;
            }
            waitForMore();
        }
    }

    private void waitForMore() {
        idle.set(true);
        while (idle.get() && queue.isEmpty() && !closing && !reopening) {
            LockSupport.park(this);
        }
        idle.set(false);
        long end = System.nanoTime() + GATHERING.toNanos();
        long left = GATHERING.toNanos();
        while (left > 0 && !closing && !reopening && waiting.get() <= CAPACITY / 2) {
            LockSupport.parkNanos(this, left);
            left = end - System.nanoTime();
        }
    }

    private void writeBatch(StringBuilder batch) {
        batch.setLength(0);
        int lines = 0;
        while (batch.length() < BATCH_CHARACTERS) {
            TransactionRecord record = queue.poll();
            if (record == null) {
                break;
            }
            waiting.getAndDecrement();
            format.append(record, batch);
            lines++;
        }
        try {
            out.write(batch.toString().getBytes(StandardCharsets.UTF_8));
            out.flush();
            written.add(lines);
            failing = false;
        } catch (IOException e) {
            dropped.add(lines);
            if (!failing) {
                failing = true;
                LOG.warn("The access log cannot be written ({}): lines are lost until it can be again", e.toString());
            }
            openAgain();
        }
    }

    private void openAgain() {
        closeQuietly();
        try {
            out = destination.open();
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.warn("The access log cannot be opened again ({}): lines are lost until it can be", e.toString());
            }
            out = new Broken(e);
        }
    }

    private void closeQuietly() {
        try {
            out.close();
        } catch (IOException e) {
            LOG.warn("The end of the access log may be lost ({})", e.toString());
        }
    }

    /** Standard output stays open: it belongs to the process. */
    private static final class StandardOutput extends FileOutputStream {
        StandardOutput() {
            super(FileDescriptor.out);
        }

        @Override
        public void close() {}
    }

    /** Stands in for a file that could not be opened, so that lines are counted as lost and opening is tried again. */
    private static final class Broken extends OutputStream {
        private final IOException cause;

        Broken(IOException cause) {
            this.cause = cause;
        }

        @Override
        public void write(int b) throws IOException {
            throw cause;
        }
    }
}
