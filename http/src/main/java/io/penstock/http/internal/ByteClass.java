package io.penstock.http.internal;

/**
 * What each byte may be a part of, as bits in one table. Source: RFC 9110 §5.6.2 (token) and §5.5 (field value), RFC 3986 §3.
 */
public final class ByteClass {
    /** Methods, field names. */
    static final int TOKEN = 1;

    /** Field values and reason phrases: visible characters, space, tab and the bytes above ASCII. */
    static final int VALUE = 1 << 1;

    /** Request targets: visible ASCII but {@code #}, which begins a fragment and is never sent. */
    static final int TARGET = 1 << 2;

    /** Names and addresses of hosts, without the brackets and the port; no comma, which betrays two joined fields. */
    static final int HOST = 1 << 3;

    private static final byte[] CLASSES = new byte[256];

    static {
        for (int c = 0; c < 256; c++) {
            int classes = 0;
            boolean alphanumeric = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
            if (alphanumeric || c < 128 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0) classes |= TOKEN;
            if (c == '\t' || c >= ' ' && c != 127) classes |= VALUE;
            if (c > ' ' && c < 127 && c != '#') classes |= TARGET;
            if (alphanumeric || c < 128 && "-._~%!$&'()*+;=".indexOf(c) >= 0) classes |= HOST;
            CLASSES[c] = (byte) classes;
        }
    }

    private ByteClass() {}

    static boolean is(byte value, int classes) {
        return (CLASSES[value & 0xff] & classes) != 0;
    }

    /** Whether the text is one or more token characters. */
    public static boolean isToken(String text) {
        return !text.isEmpty() && all(text, 0, text.length(), TOKEN);
    }

    /** Whether the text can stand in a field line as it is: no control character but tab, no white space around it. */
    public static boolean isValue(String text) {
        int length = text.length();
        return length == 0 || text.charAt(0) > ' ' && text.charAt(length - 1) > ' ' && all(text, 0, length, VALUE);
    }

    /** Whether the text is one or more characters of a request target. */
    public static boolean isTarget(String text) {
        return !text.isEmpty() && all(text, 0, text.length(), TARGET);
    }

    static boolean all(String text, int from, int to, int classes) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c > 255 || (CLASSES[c] & classes) == 0) return false;
        }
        return true;
    }

    /** The text with what is not printable ASCII replaced, and cut, so that a message about it does no harm. */
    public static String printable(String text) {
        var shown = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), 80); i++) {
            char c = text.charAt(i);
            shown.append(c >= ' ' && c < 127 ? c : '?');
        }
        return text.length() > 80 ? shown + "..." : shown.toString();
    }
}
