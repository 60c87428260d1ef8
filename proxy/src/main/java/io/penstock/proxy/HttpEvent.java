package io.penstock.proxy;

import io.penstock.net.event.Event;

/** What a continuation is told about HTTP. Answers to Traffic Server's {@code TS_EVENT_HTTP_*}. */
public sealed interface HttpEvent extends Event {
    /** A transaction has reached a hook and waits for {@link Transaction#resume()}. */
    record TransactionHook(Hook<Transaction> hook, Transaction transaction) implements HttpEvent {}

    /** A session has reached a hook and waits for {@link Session#resume()}. */
    record SessionHook(Hook<Session> hook, Session session) implements HttpEvent {}
}
