package io.penstock.testkit.cosocket;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Input;
import io.penstock.net.Timeouts;

/** The request of a downstream script, as our server's handler has it: what answers to {@code ngx.req.socket} and {@code ngx.print}. */
public interface Requested {
    /** The body. */
    Input body();

    /** The connection, from now on without HTTP; an unread body is what it delivers first. */
    Connection raw() throws ConnectionException;

    /** The connection, as without any option: refused where a body is unread. */
    Connection takenOver() throws ConnectionException;

    /** Bounds what is done with the body. */
    void timeouts(Timeouts limits);

    /** Answers with the text. */
    void print(String text) throws ConnectionException;
}
