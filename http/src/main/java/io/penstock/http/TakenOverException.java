package io.penstock.http;

/**
 * What an {@link Exchange} and the body of its answer throw once its connection was {@linkplain Exchange#takeOver taken over}; it says
 * where. Whoever was told so has changed nothing: the connection is the taker's.
 *
 * <p>Answers to Go's {@code http.ErrHijacked}.
 */
public final class TakenOverException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    public TakenOverException(String message) {
        super(message);
    }
}
