package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {
    private final Headers headers = Headers.of("Via", "1.1 a", "X-One", "1", "via", "1.1 b", "X-Two", "2");

    @Test
    void namesAreComparedWithoutCaseAndSpellingAndOrderAreKept() {
        assertThat(headers.first("VIA")).isEqualTo("1.1 a");
        assertThat(headers.all("Via")).containsExactly("1.1 a", "1.1 b");
        assertThat(headers.count("via")).isEqualTo(2);
        assertThat(headers.contains("x-two")).isTrue();
        assertThat(headers.first("X-Three")).isNull();
        assertThat(headers).hasToString("Via: 1.1 a\nX-One: 1\nvia: 1.1 b\nX-Two: 2\n");
    }

    @Test
    void settingReplacesAllOfThemInTheFirstOnesPlace() {
        headers.set("VIA", "c");
        assertThat(headers).hasToString("Via: c\nX-One: 1\nX-Two: 2\n");
        headers.set("New", "n");
        assertThat(headers.name(3)).isEqualTo("New");
    }

    @Test
    void removingTellsWhetherThereWasOne() {
        assertThat(headers.remove("via")).isTrue();
        assertThat(headers.remove("via")).isFalse();
        headers.removeAt(0);
        assertThat(headers).hasToString("X-Two: 2\n");
    }

    @Test
    void aCopyGoesItsOwnWay() {
        Headers copy = headers.copy().add("More", "m");
        for (int i = 0; i < 100; i++) copy.add("n" + i, "v");
        assertThat(headers.size()).isEqualTo(4);
        assertThat(copy.size()).isEqualTo(105);
        assertThat(Headers.of().addAll(copy).addAll(headers).size()).isEqualTo(109);
    }

    @Test
    void manyFieldsCanBeLeftOutAtOnce() {
        Headers copy = headers.copyWithout(name -> name.equalsIgnoreCase("via"));
        assertThat(copy.add("More", "m")).hasToString("X-One: 1\nX-Two: 2\nMore: m\n");
        assertThat(headers.size()).isEqualTo(4);
        headers.removeIf(name -> name.startsWith("X-"));
        assertThat(headers).hasToString("Via: 1.1 a\nvia: 1.1 b\n");
    }

    @Test
    void tokensAreFoundInListsAcrossFields() {
        var connection = Headers.of("Connection", "keep-alive ,\tUpgrade", "Connection", "X-Foo,close");
        assertThat(connection.containsToken("connection", "upgrade")).isTrue();
        assertThat(connection.containsToken("Connection", "CLOSE")).isTrue();
        assertThat(connection.containsToken("Connection", "keep-alive")).isTrue();
        assertThat(connection.containsToken("Connection", "alive")).isFalse();
        assertThat(connection.containsToken("Connection", "")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX: y", "a\rb", "a\nb", "a\0b", "\u0001", "a\u007f", "\u20ac", " a", "a\t"})
    void aValueThatWouldEndItsLineIsRefused(String value) {
        assertThatIllegalArgumentException().isThrownBy(() -> headers.add("X", value));
        assertThatIllegalArgumentException().isThrownBy(() -> headers.set("X-One", value));
        assertThatIllegalArgumentException().isThrownBy(() -> Headers.of("X", value));
        assertThat(headers.size()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r\n", "\u00e4", "a(b)"})
    void aNameThatIsNoTokenIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> headers.add(name, "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> headers.set(name, "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "", "path", "/a\r\nX: y", "/a#b", "http:///", "*"})
    void aHeadWithAnotherLineInItCannotBeMade(String target) {
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET", target));
        assertThatIllegalArgumentException().isThrownBy(() -> RequestHead.of("GET /x HTTP/1.1\r\nA:", "/"));
        assertThatIllegalArgumentException().isThrownBy(() -> ResponseHead.of(200, "OK\r\nX: y", Headers.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> ResponseHead.of(99));
    }
}
