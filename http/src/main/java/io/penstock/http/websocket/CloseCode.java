package io.penstock.http.websocket;

/** Why a WebSocket was closed. 3000 to 3999 are for libraries, 4000 to 4999 for whoever wants one. Source: RFC 6455 §7.4. */
public final class CloseCode {
    /** What it was opened for is done. */
    public static final int NORMAL = 1000;
    /** The server stops, or the page was left. */
    public static final int GOING_AWAY = 1001;
    /** The peer has broken a rule of the protocol. */
    public static final int PROTOCOL_ERROR = 1002;
    /** A kind of message that the receiver does not take, such as bytes where it wants text. */
    public static final int UNSUPPORTED = 1003;
    /** The peer gave no code. Received, never sent. */
    public static final int NONE = 1005;
    /** A message is not what its kind says, such as text that is not UTF-8. */
    public static final int INVALID_DATA = 1007;
    /** A message breaks a rule of the receiver's own. */
    public static final int POLICY_VIOLATION = 1008;
    /** A message is longer than the receiver takes. */
    public static final int TOO_BIG = 1009;
    /** The server has not agreed on an extension that the client cannot do without. */
    public static final int EXTENSION_MISSING = 1010;
    /** The sender has failed. */
    public static final int INTERNAL_ERROR = 1011;
    /** The server will be back. */
    public static final int SERVICE_RESTART = 1012;
    /** The server has too much to do; later. */
    public static final int TRY_AGAIN_LATER = 1013;

    private CloseCode() {}
}
