package io.penstock.proxy;

import io.penstock.http.HeaderNames;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** What clients offer to go on with in the place of HTTP, and what of it is passed on. Source: RFC 9110 §7.8. */
sealed interface Upgrades {
    /** For who is the server itself, and chooses. */
    Upgrades ANY = new Any();

    record Any() implements Upgrades {
        @Override
        public boolean allows(String protocol) {
            return true;
        }
    }

    /** @param names in lower case, with a version or without: {@code websocket} is any of its versions */
    record Only(Set<String> names) implements Upgrades {
        @Override
        public boolean allows(String protocol) {
            String lower = protocol.toLowerCase(Locale.ROOT);
            int slash = lower.indexOf('/');
            return names.contains(lower) || slash > 0 && names.contains(lower.substring(0, slash));
        }
    }

    boolean allows(String protocol);

    /** What the origin is offered: the client's own words, if all of them are allowed; empty when nothing is. */
    default String of(RequestHead request) {
        if (!request.offersUpgrade()) return "";
        String whole = words(request.headers().all(HeaderNames.UPGRADE));
        List<String> allowed = protocols(whole).filter(this::allows).toList();
        boolean all = !allowed.isEmpty() && allowed.size() == protocols(whole).count();
        return all ? whole : words(allowed);
    }

    /** Whether it is an offer that could not be passed on as it is. */
    static boolean isGarbled(RequestHead request) {
        return request.offersUpgrade()
                && words(request.headers().all(HeaderNames.UPGRADE)).chars().anyMatch(c -> c < ' ' || c > '~');
    }

    /** Whether a 101 names what the request, as it was sent, has offered, and nothing else. */
    static boolean isAnswered(RequestHead sent, ResponseHead head) {
        List<String> named =
                protocols(words(head.headers().all(HeaderNames.UPGRADE))).toList();
        return !named.isEmpty() && named.stream().allMatch(sent::offers);
    }

    private static String words(List<String> values) {
        return String.join(", ", values);
    }

    private static Stream<String> protocols(String value) {
        return Arrays.stream(value.split(",")).map(String::strip).filter(each -> !each.isEmpty());
    }
}
