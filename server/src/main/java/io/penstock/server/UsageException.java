package io.penstock.server;

/** A command line that makes no sense; the message says why and what to type instead. */
final class UsageException extends Exception {
    UsageException(String message) {
        super(message);
    }
}
