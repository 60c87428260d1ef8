package io.penstock.net.internal;

import io.penstock.net.ResolverOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two files that tell every resolver of a system what to do: {@code resolv.conf(5)} and {@code hosts(5)}. */
public final class ResolvConf {
    private static final Logger LOG = LoggerFactory.getLogger(io.penstock.net.Resolver.class);
    private static final int PORT = 53;
    private static final int MOST_NDOTS = 15;
    private static final int LONGEST_TIMEOUT = 30;
    private static final int MOST_ATTEMPTS = 5;

    private ResolvConf() {}

    public static ResolverOptions read(Path file) {
        var servers = new ArrayList<InetSocketAddress>();
        List<String> search = List.of();
        ResolverOptions options = ResolverOptions.of();
        int ndots = options.ndots();
        Duration timeout = options.timeout();
        int attempts = options.attempts();
        for (String line : lines(file)) {
            String[] words = line.strip().split("\\s+");
            switch (words[0]) {
                case "nameserver" -> {
                    InetAddress server = words.length < 2 ? null : address(words[1]);
                    if (server != null) servers.add(new InetSocketAddress(server, PORT));
                }
                case "domain", "search" -> // the last one counts
                    search = List.of(words).subList(1, words.length).stream()
                            .filter(each -> !each.equals("."))
                            .toList();
                case "options" -> {
                    for (String option : words) {
                        ndots = number(option, "ndots:", 0, MOST_NDOTS, ndots);
                        timeout = Duration.ofSeconds(
                                number(option, "timeout:", 1, LONGEST_TIMEOUT, (int) timeout.toSeconds()));
                        attempts = number(option, "attempts:", 1, MOST_ATTEMPTS, attempts);
                    }
                }
                default -> {} // comments, and what does not concern us
            }
        }
        return new ResolverOptions(
                servers,
                search,
                ndots,
                options.hosts(),
                timeout,
                attempts,
                options.longestTtl(),
                options.negativeTtl(),
                options.cacheSize());
    }

    /** The names of a hosts file, in lower case, with all their addresses in order. */
    static Map<String, List<InetAddress>> hosts(@Nullable Path file) {
        var hosts = new HashMap<String, List<InetAddress>>();
        if (file == null) return hosts;
        for (String line : lines(file)) {
            int comment = line.indexOf('#');
            String[] words =
                    (comment < 0 ? line : line.substring(0, comment)).strip().split("\\s+");
            InetAddress address = words.length < 2 ? null : address(words[0]);
            if (address == null) continue;
            for (int i = 1; i < words.length; i++) {
                List<InetAddress> known =
                        hosts.computeIfAbsent(words[i].toLowerCase(Locale.ROOT), _ -> new ArrayList<>());
                if (!known.contains(address)) known.add(address);
            }
        }
        return hosts;
    }

    private static List<String> lines(Path file) {
        try {
            // ISO 8859-1, so that a stray byte in a comment is no failure
            return Files.readAllLines(file, java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            LOG.info("{} cannot be read, so nothing of it is used: {}", file, e.toString());
            return List.of();
        }
    }

    private static @Nullable InetAddress address(String text) {
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return null; // one odd line must not take the others with it
        }
    }

    private static int number(String option, String name, int least, int most, int otherwise) {
        if (!option.startsWith(name)) return otherwise;
        try {
            return Math.clamp(Long.parseLong(option.substring(name.length())), least, most);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
