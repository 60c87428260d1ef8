package io.penstock.bench.frames;

/** One of the clients that are compared, on one event loop. Each method begins and returns; all is closed soon after the round is over. */
interface Face extends AutoCloseable {
    /** Asks on so many connections, with so many questions in flight on each; every answer is counted and asks the next one. */
    void ask(int connections, int inFlight, Round round) throws Exception;

    /** Receives on so many connections what comes by itself, and counts it. */
    void receive(int connections, Round round) throws Exception;

    /** So many at a time connect, ask once, and close; each such connection is counted. */
    void connect(int atATime, Round round) throws Exception;

    @Override
    void close() throws Exception;
}
