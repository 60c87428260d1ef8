package io.penstock.http;

/**
 * A handler wants to give its client what that has not asked for: a protocol that it does not {@linkplain RequestHead#offers offer}, or a
 * tunnel where the method is not CONNECT. Nothing has changed, and the handler may answer something else. If it lets this pass, the
 * server answers for it: the mistake is the client's.
 */
public final class NotAskedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private final transient ResponseHead answer;

    public NotAskedException(ResponseHead answer, String message) {
        super(message);
        this.answer = answer;
    }

    /** What the client is to be told: 426 with the protocol in {@code Upgrade}, or 405 with {@code Allow: CONNECT}. */
    public ResponseHead answer() {
        return answer;
    }

    /** The same in a line of text, for the body. */
    public String text() {
        String wanted = answer.status() == 426
                ? "to be asked with Connection: Upgrade and Upgrade: "
                        + answer.headers().first(HeaderNames.UPGRADE)
                : "to be asked by CONNECT";
        return answer.status() + " " + answer.reason() + ": this is " + wanted + "\n";
    }
}
