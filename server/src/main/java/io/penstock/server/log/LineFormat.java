package io.penstock.server.log;

import io.penstock.proxy.TransactionRecord;

/** How a transaction becomes a line. Used by the writer's thread only; may keep state between lines. */
interface LineFormat {
    /** Appends the line with its line feed. */
    void append(TransactionRecord record, StringBuilder out);
}
