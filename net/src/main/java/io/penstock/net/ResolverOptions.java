package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Resolver} asks name servers. Immutable.
 *
 * @param servers asked in this order; none to leave everything to the JDK
 * @param search the domains that are appended to short names, in this order
 * @param ndots a name with fewer dots is looked for in the search list first
 * @param hosts a file in the form of {@code /etc/hosts} that is believed before any server, read once; null for none
 * @param timeout how long one server may take to answer one question
 * @param attempts how often each server is asked
 * @param longestTtl the longest an answer is kept, whatever its TTL; zero for no cache
 * @param negativeTtl how long it is remembered that a name does not exist; zero for not at all
 * @param cacheSize how many answers are kept
 */
public record ResolverOptions(
        List<InetSocketAddress> servers,
        List<String> search,
        int ndots,
        @Nullable Path hosts,
        Duration timeout,
        int attempts,
        Duration longestTtl,
        Duration negativeTtl,
        int cacheSize) {
    private static final Path HOSTS = Path.of("/etc/hosts");

    public ResolverOptions {
        servers = List.copyOf(servers);
        search = List.copyOf(search);
        if (ndots < 0 || attempts < 1 || cacheSize < 1 || !timeout.isPositive()) {
            throw new IllegalArgumentException("ndots is 0 or more, attempts, cache size and timeout more than 0: "
                    + ndots + ", " + attempts + ", " + cacheSize + ", " + Durations.text(timeout));
        }
        if (longestTtl.isNegative() || negativeTtl.isNegative()) {
            throw new IllegalArgumentException("times to live must be 0 or more: " + longestTtl + ", " + negativeTtl);
        }
        for (InetSocketAddress server : servers) {
            if (server.isUnresolved()) {
                throw new IllegalArgumentException("a name server must be an address, not the name " + server);
            }
        }
    }

    /**
     * Asks these servers; {@code /etc/hosts} is believed first, nothing is appended. 2 s and two attempts for each server; answers are
     * kept at most an hour, that there is none 5 s; 10,000 answers.
     */
    public static ResolverOptions of(InetSocketAddress... servers) {
        return new ResolverOptions(
                List.of(servers),
                List.of(),
                1,
                HOSTS,
                Duration.ofSeconds(2),
                2,
                Duration.ofHours(1),
                Duration.ofSeconds(5),
                10_000);
    }

    /**
     * What {@code /etc/resolv.conf} says at this moment (servers, search list, {@code ndots}, {@code timeout}, {@code attempts}), else as
     * {@link #of} has it. Where there is no such file or no usable server in it, the JDK is asked.
     */
    public static ResolverOptions system() {
        return io.penstock.net.internal.ResolvConf.read(Path.of("/etc/resolv.conf"));
    }

    public ResolverOptions withSearch(List<String> domains, int dots) {
        return new ResolverOptions(
                servers, domains, dots, hosts, timeout, attempts, longestTtl, negativeTtl, cacheSize);
    }

    public ResolverOptions withHosts(@Nullable Path file) {
        return new ResolverOptions(servers, search, ndots, file, timeout, attempts, longestTtl, negativeTtl, cacheSize);
    }

    public ResolverOptions withTimeout(Duration limit, int times) {
        return new ResolverOptions(servers, search, ndots, hosts, limit, times, longestTtl, negativeTtl, cacheSize);
    }

    public ResolverOptions withCache(int size, Duration longest, Duration negative) {
        return new ResolverOptions(servers, search, ndots, hosts, timeout, attempts, longest, negative, size);
    }
}
