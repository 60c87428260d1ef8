package io.penstock.net;

/**
 * Holds back what is sent on an {@link Output} until it is {@linkplain #close() removed}: for a message that is made of many sends with
 * waits in between, and should leave as one.
 *
 * <p>{@snippet :
 * try (Cork _ = connection.cork()) {
 *     connection.send(head);
 *     for (Row row : database.query()) connection.send(row.text());   // waits, and nothing leaves meanwhile
 * }
 * }
 *
 * <p>Sends in one turn of the loop need none: they leave together anyway.
 *
 * <p>It does not make sending unbounded: when 64 KiB are held back they leave, as they do at a {@link Output#flush()}, at the end of
 * the output, and behind a region of a file. Corks may be nested; the last one removed counts. Any thread.
 */
public interface Cork extends AutoCloseable {
    /** Removes it: what was held back leaves at the end of the loop's turn. Idempotent, never waits, and never fails. */
    @Override
    void close();
}
