package io.penstock.net.event;

/** What a continuation is told that it has asked for itself; whoever waits for several things at once keeps a continuation for each. */
public sealed interface TimerEvent extends Event {
    /** It is the continuation's turn. Answers to {@code TS_EVENT_IMMEDIATE}. */
    record Immediate() implements TimerEvent {}

    /** The time has come. Answers to {@code TS_EVENT_TIMEOUT}. */
    record Timeout() implements TimerEvent {}
}
