package io.penstock.testkit.cosocket;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Released;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the peer says where we have a {@link Reason}: the one table between its texts and ours. */
public final class PeerWords {
    private static final Map<Reason, List<String>> WORDS = new EnumMap<>(Reason.class);

    /** What the peer says where a connection {@linkplain Released was released} and not kept. */
    private static final Map<String, List<String>> RELEASED = Map.of(
            Released.UNREAD.name(), List.of("unread data in buffer", "connection in dubious state"),
            Released.ENDED.name(), List.of("closed", "connection in dubious state"),
            Released.DIRTY.name(), List.of(),
            Released.WORN.name(), List.of(),
            Released.SURPLUS.name(), List.of());

    static {
        WORDS.put(Reason.CLOSED, List.of("closed"));
        WORDS.put(Reason.EOF, List.of("closed", "client aborted"));
        WORDS.put(Reason.RESET, List.of("connection reset by peer", "broken pipe", "client aborted"));
        WORDS.put(Reason.TIMEOUT, List.of("timeout"));
        WORDS.put(Reason.REFUSED, List.of("connection refused", "no such file or directory"));
        WORDS.put(Reason.UNREACHABLE, List.of("network is unreachable", "host is unreachable"));
        WORDS.put(Reason.UNRESOLVED, List.of(".* could not be resolved.*", "no resolver defined to resolve .*"));
        WORDS.put(
                Reason.ADDRESS,
                List.of("cannot assign requested address", "address already in use", "permission denied"));
        WORDS.put(Reason.TOO_LONG, List.of("message too long"));
        WORDS.put(Reason.BUSY_CONNECTING, List.of("socket busy connecting"));
        WORDS.put(Reason.BUSY_READING, List.of("socket busy reading", "socket busy"));
        WORDS.put(Reason.BUSY_WRITING, List.of("socket busy writing", "socket busy"));
        WORDS.put(Reason.POOL_FULL, List.of("too many waiting connect operations"));
        WORDS.put(Reason.TLS_HANDSHAKE, List.of("handshake failed"));
        WORDS.put(Reason.TLS_UNTRUSTED, List.of("(18|20|21|22): .*"));
        WORDS.put(Reason.TLS_EXPIRED, List.of("(9|10): .*"));
        WORDS.put(Reason.TLS_REVOKED, List.of("23: .*"));
        WORDS.put(Reason.TLS_HOST_NAME, List.of("certificate host mismatch"));
    }

    private PeerWords() {}

    /** What the peer says in such a case, as regular expressions; none where it has nothing like it. */
    public static List<String> of(Reason reason) {
        return WORDS.getOrDefault(reason, List.of());
    }

    /** The table as rows of Markdown: what the peer says, and our reason. */
    public static List<String> rows() {
        return WORDS.entrySet().stream()
                .map(entry -> "| %s | `%s` |"
                        .formatted(
                                entry.getValue().stream()
                                        .map(words ->
                                                "`" + words.replace(".*", "...").replace('|', '/') + "`")
                                        .collect(Collectors.joining(", ")),
                                entry.getKey()))
                .toList();
    }

    static boolean mean(String words, String reason) {
        List<String> known = RELEASED.containsKey(reason) ? RELEASED.get(reason) : of(Reason.valueOf(reason));
        return known.stream().anyMatch(each -> Pattern.matches(each, words));
    }
}
