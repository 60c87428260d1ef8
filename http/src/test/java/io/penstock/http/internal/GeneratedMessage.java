package io.penstock.http.internal;

import java.util.Random;

/** Messages made at random: a sound one first, then perhaps with a few places spoilt the way attackers do. */
final class GeneratedMessage {
    private static final String[] METHODS = {"GET", "POST", "PUT", "OPTIONS", "X-Y", "get"};
    private static final String[] TARGETS = {"/", "/a/b?c=d", "/%20;x", "http://x/y?z", "/a\"b|c", "*", "//x"};
    private static final String[] FIELDS = {
        "Accept: */*",
        "X-A: b",
        "x-a:  c\t",
        "X-Empty:",
        "User-Agent: t/1 (x; y)",
        "Connection: close",
        "Cookie: a=b; c=d",
        "X-L: \u00e4\u00ff",
        "Connection: keep-alive",
        "Expect: 100-continue",
        "Upgrade: x"
    };
    private static final String[] SPOILERS = {
        "\r",
        "\n",
        "\r\n",
        "\r\n\r\n",
        "\0",
        " ",
        "\t",
        ":",
        ",",
        ";",
        "0",
        "1",
        "-",
        "+",
        "x",
        "\"",
        "\u000b",
        "\u0080",
        "\u00a0",
        "chunked",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Host: y\r\n",
        "\r\n ",
        "HTTP/1.1",
        "ffffffffffffffff"
    };

    private final Random random;

    GeneratedMessage(Random random) {
        this.random = random;
    }

    String request() {
        var text = new StringBuilder();
        if (random.nextInt(20) == 0) text.append("\r\n");
        text.append(any(METHODS))
                .append(' ')
                .append(any(TARGETS))
                .append(random.nextInt(8) == 0 ? " HTTP/1.0" : " HTTP/1.1")
                .append("\r\n");
        text.append("Host: x\r\n");
        rest(text, random.nextInt(3));
        return spoilt(text);
    }

    String response() {
        var text = new StringBuilder(random.nextInt(8) == 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
        text.append(any("200 OK", "404 Not Found", "503 ", "204 No Content", "304 Not Modified", "299 \u00e4 b"))
                .append("\r\n");
        rest(text, random.nextInt(4));
        return spoilt(text);
    }

    private void rest(StringBuilder text, int framing) {
        for (int i = random.nextInt(4); i > 0; i--) text.append(any(FIELDS)).append("\r\n");
        int size = random.nextInt(20);
        switch (framing) {
            case 0 -> text.append("\r\n");
            case 1 ->
                text.append("Content-Length: ").append(size).append("\r\n\r\n").append("b".repeat(size));
            case 2 -> {
                text.append(any("Transfer-Encoding: chunked", "transfer-encoding:Chunked"))
                        .append("\r\n\r\n");
                for (int i = random.nextInt(3); i > 0; i--) {
                    size = 1 + random.nextInt(20);
                    text.append(any("", "0", "000"))
                            .append(random.nextBoolean() ? Integer.toHexString(size) : "%X".formatted(size));
                    text.append(any("", "", ";a", ";a=b;c=\"d;e\""))
                            .append("\r\n")
                            .append("c".repeat(size))
                            .append("\r\n");
                }
                text.append("0\r\n")
                        .append(any("", "", "X-T: u\r\n", "Content-Length: 5\r\n"))
                        .append("\r\n");
            }
            default -> text.append("\r\n").append("until close");
        }
    }

    private String spoilt(StringBuilder text) {
        if (random.nextInt(4) == 0) return text.toString();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int place = random.nextInt(text.length());
            switch (random.nextInt(5)) {
                case 0 -> text.deleteCharAt(place);
                case 1 -> text.setCharAt(place, (char) random.nextInt(256));
                case 2 -> text.insert(afterLine(text, place), any(SPOILERS));
                case 3 ->
                    text.insert(
                            afterLine(text, place),
                            text.substring(place, Math.min(text.length(), place + random.nextInt(20))));
                default -> text.insert(place, any(SPOILERS));
            }
        }
        return text.toString();
    }

    /** The beginning of a line, where fields go, rather than the middle of one. */
    private static int afterLine(StringBuilder text, int place) {
        int end = text.indexOf("\r\n", place);
        return end < 0 ? place : end + 2;
    }

    private String any(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
