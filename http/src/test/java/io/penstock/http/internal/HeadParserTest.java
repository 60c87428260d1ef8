package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeadParserTest {
    private static final HeadLimits LIMITS = new HeadLimits(64, 128, 5);
    private static final String REQUEST =
            "\r\nGET /a?b=c HTTP/1.1\r\nHost: example.com\r\naccept: \t*/*  \r\nX-Empty:\r\nx-latin: \u00e4\u00ff\ta\r\n\r\n";

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Reads a request of an input that ends, as a server does. */
    private static RequestHead read(ScriptedInput input, HeadLimits limits) throws Exception {
        var reader = new HeadReader(input, limits);
        reader.begin();
        RequestHead head = reader.parseRequest();
        while (head == null) {
            if (!reader.more()) return null;
            head = reader.parseRequest();
        }
        return head;
    }

    private static ResponseHead readResponse(ScriptedInput input) throws Exception {
        var reader = new HeadReader(input, LIMITS);
        reader.begin();
        ResponseHead head = reader.parseResponse();
        while (head == null) {
            if (!reader.more()) return null;
            head = reader.parseResponse();
        }
        return head;
    }

    private static void requireSample(RequestHead head) {
        assertThat(head.method()).isEqualTo("GET");
        assertThat(head.target()).isEqualTo("/a?b=c");
        assertThat(head.path()).isEqualTo("/a");
        assertThat(head.query()).isEqualTo("b=c");
        assertThat(head.version()).isEqualTo(HttpVersion.HTTP_1_1);
        assertThat(head.authority()).isEqualTo("example.com");
        assertThat(head.headers()).hasToString("Host: example.com\naccept: */*\nX-Empty: \nx-latin: \u00e4\u00ff\ta\n");
    }

    @Test
    void aRequestIsReadWholeAndWhatFollowsIsLeft() throws Exception {
        var input = ScriptedInput.of(latin(REQUEST + "GET /next"));
        requireSample(read(input, LIMITS));
        assertThat(new String(input.receiveAll(), StandardCharsets.ISO_8859_1)).isEqualTo("GET /next");
    }

    @Test
    void aRequestIsReadByteByByteAndCutAnywhere() throws Exception {
        requireSample(read(ScriptedInput.inPieces(REQUEST, 1), LIMITS));
        for (int cut = 0; cut <= REQUEST.length(); cut++)
            requireSample(read(ScriptedInput.cutAt(REQUEST, cut), LIMITS));
    }

    @Test
    void noPrefixOfARequestIsTakenForOne() throws Exception {
        for (int end = 0; end < REQUEST.length(); end++) {
            assertThat(read(ScriptedInput.of(latin(REQUEST.substring(0, end))), LIMITS))
                    .isNull();
        }
    }

    @Test
    void aResponseIsReadCutAnywhere() throws Exception {
        String text = "HTTP/1.0 404 Not here\r\nServer: x\r\n\r\n";
        for (int cut = 0; cut <= text.length(); cut++) {
            ResponseHead head = readResponse(ScriptedInput.cutAt(text, cut));
            assertThat(head).hasToString("HTTP/1.0 404 Not here");
            assertThat(head.headers()).hasToString("Server: x\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 \r\n\r\n", "HTTP/1.1 200\r\n\r\n"})
    void aResponseNeedsNoReason(String text) throws Exception {
        assertThat(readResponse(ScriptedInput.of(latin(text))).reason()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 20 OK\r\n\r\n",
                "HTTP/1.1 2000 OK\r\n\r\n",
                "HTTP/1.1  200 OK\r\n\r\n",
                "HTTP/1.1 099 OK\r\n\r\n",
                "HTTP/2.0 200 OK\r\n\r\n",
                "ICY 200 OK\r\n\r\n",
                "HTTP/1.1 200 O\0K\r\n\r\n",
                "HTTP/1.1 200 OK\n\r\n",
                "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
                "\r\nHTTP/1.1 200 OK\r\n\r\n"
            })
    void aMalformedResponseIsRefused(String text) {
        assertThatThrownBy(() -> readResponse(ScriptedInput.of(latin(text)))).isInstanceOf(BadMessage.class);
    }

    @ParameterizedTest
    @CsvSource({
        "OPTIONS, *, *, ",
        "GET, http://h/p?q, /p, h",
        "GET, http://h:80?q, /, h:80",
        "GET, HTTPS://[::1]:8/p, /p, [::1]:8",
        "CONNECT, h:443, '', h:443",
        "CONNECT, [fe80::1]:443, '', [fe80::1]:443"
    })
    void targetsComeInFourForms(String method, String target, String path, String authority) throws Exception {
        RequestHead head = read(ScriptedInput.of(latin(method + " " + target + " HTTP/1.1\r\n\r\n")), LIMITS);
        assertThat(head.path()).isEqualTo(path);
        assertThat(head.authority()).isEqualTo(authority);
    }

    private static void requireLimit(int status, String text) {
        assertThatThrownBy(() -> read(ScriptedInput.of(latin(text)), LIMITS))
                .isInstanceOfSatisfying(
                        BadMessage.class, e -> assertThat(e.status()).isEqualTo(status));
        assertThatThrownBy(() -> read(ScriptedInput.inPieces(text, 1), LIMITS))
                .isInstanceOfSatisfying(
                        BadMessage.class, e -> assertThat(e.status()).isEqualTo(status));
    }

    @Test
    void theRequestLineHasALimitThatItMayReach() throws Exception {
        String exact = "GET /" + "a".repeat(64 - 14) + " HTTP/1.1";
        assertThat(exact).hasSize(64);
        assertThat(read(ScriptedInput.inPieces(exact + "\r\n\r\n", 1), LIMITS)).isNotNull();
        requireLimit(414, exact.replace("GET", "HEAD") + "\r\n\r\n");
        requireLimit(414, "GET /" + "a".repeat(10_000));
        requireLimit(414, "A".repeat(10_000));
    }

    @Test
    void theHeaderSectionHasALimitThatItMayReach() throws Exception {
        String exact = "GET / HTTP/1.1\r\nX: " + "a".repeat(128 - 5) + "\r\n\r\n";
        assertThat(read(ScriptedInput.inPieces(exact, 1), LIMITS)).isNotNull();
        assertThat(read(ScriptedInput.of(latin(exact)), LIMITS)).isNotNull();
        requireLimit(431, exact.replace("X:", "XX:"));
        requireLimit(431, "GET / HTTP/1.1\r\nX: " + "a".repeat(10_000));
        requireLimit(431, "GET / HTTP/1.1\r\n" + "a".repeat(10_000));
    }

    @Test
    void theNumberOfFieldsHasALimitThatItMayReach() throws Exception {
        String five = "GET / HTTP/1.1\r\n" + "a:b\r\n".repeat(5);
        assertThat(read(ScriptedInput.of(latin(five + "\r\n")), LIMITS)
                        .headers()
                        .size())
                .isEqualTo(5);
        requireLimit(431, five + "a:b\r\n\r\n");
    }

    @Test
    void aLargeHeadBehindAnotherMessageIsReadAsWell() throws Exception {
        var limits = new HeadLimits(8192, 32768, 100);
        var input = ScriptedInput.of(latin("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nX: " + "a".repeat(20_000)
                + "\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"));
        var reader = new HeadReader(input, limits);
        for (String path : new String[] {"/1", "/2", "/3"}) {
            assertThat(input.ready()).isTrue();
            reader.trim();
            reader.begin();
            assertThat(reader.parseRequest().path()).isEqualTo(path);
        }
    }

    @Test
    void everyByteOfAValueIsJudgedWhereverItStands() throws Exception {
        for (int place = 0; place < 20; place++) {
            for (int c = 0; c < 256; c++) {
                String value = "a".repeat(place) + (char) c + "a".repeat(20 - place);
                boolean legal = c == '\t' || c >= ' ' && c != 127;
                String text = "GET / HTTP/1.1\r\nX:" + value + "\r\n\r\n";
                boolean accepted;
                try {
                    accepted = read(ScriptedInput.of(latin(text)), LIMITS)
                            .headers()
                            .value(0)
                            .equals(value.strip());
                } catch (BadMessage _) {
                    accepted = false;
                }
                assertThat(accepted).as("byte %s at %s", c, place).isEqualTo(legal);
            }
        }
    }
}
