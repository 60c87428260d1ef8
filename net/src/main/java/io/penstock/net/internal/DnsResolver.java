package io.penstock.net.internal;

import io.netty.handler.codec.dns.DnsRecordType;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.ResolverOptions;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Looks into the hosts file, into its cache, and asks name servers, for both families at once. */
public final class DnsResolver implements Resolver {
    /** Of which the first is preferred (RFC 6724 §2.1, RFC 8305 §4), and therefore asked first. */
    private static final List<DnsRecordType> FAMILIES = List.of(DnsRecordType.AAAA, DnsRecordType.A);

    private static final List<InetAddress> LOOPBACK =
            List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"));

    /** How many questions may be under way at once: each has a socket of its own. */
    static final int MOST_QUESTIONS = 128;

    private record Question(String name, DnsRecordType type) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** How one question ended: one of the two is null. */
    private record Outcome(
            @Nullable DnsAnswer answer, @Nullable ConnectionException failure) {}

    private final ResolverOptions options;
    private final Map<String, List<InetAddress>> hosts;
    private final Resolver jdk;
    private final AgeingMap<Question, DnsAnswer> cache;
    private final @Nullable SharedWork<Question, Outcome> questions;

    DnsResolver(NettyLoops loops, ResolverOptions options, LongSupplier clock) {
        this.options = options;
        this.hosts = ResolvConf.hosts(options.hosts());
        NameServers servers = options.servers().isEmpty() ? null : new NameServers(loops, options);
        this.questions =
                servers == null ? null : new SharedWork<>(loops, MOST_QUESTIONS, each -> outcome(servers, each));
        this.jdk = new JdkResolver(loops);
        this.cache = new AgeingMap<>(options.cacheSize(), clock);
    }

    public static DnsResolver of(Loops loops, ResolverOptions options) {
        return new DnsResolver((NettyLoops) loops, options, System::nanoTime);
    }

    @Override
    public List<InetAddress> resolve(String host) throws ConnectionException {
        var all = new ArrayList<InetAddress>();
        resolve(host, all::addAll);
        return List.copyOf(all);
    }

    @Override
    public void resolve(String host, Consumer<List<InetAddress>> found) throws ConnectionException {
        List<InetAddress> known = known(host);
        if (known != null) {
            found.accept(known);
        } else if (isInvalid(host)) {
            throw NameServers.failure(
                    Reason.UNRESOLVED, host, "names that end in .invalid never exist (RFC 6761)", null);
        } else if (questions == null) {
            found.accept(jdk.resolve(host));
        } else {
            search(questions, host.toLowerCase(Locale.ROOT), found);
        }
    }

    private @Nullable List<InetAddress> known(String host) {
        String name = absolute(host).toLowerCase(Locale.ROOT);
        String plain = name.substring(0, name.length() - 1);
        try {
            return List.of(InetAddress.ofLiteral(host));
        } catch (IllegalArgumentException e) {
            // it is a name
        }
        List<InetAddress> listed = hosts.get(plain);
        if (listed != null) return List.copyOf(listed);
        return plain.equals("localhost") || plain.endsWith(".localhost") ? LOOPBACK : null; // RFC 6761 §6.3
    }

    private static boolean isInvalid(String host) {
        String name = absolute(host).toLowerCase(Locale.ROOT);
        return name.endsWith(".invalid.") || name.equals("invalid.");
    }

    private static String absolute(String name) {
        return name.endsWith(".") ? name : name + ".";
    }

    private void search(SharedWork<Question, Outcome> questions, String host, Consumer<List<InetAddress>> found)
            throws ConnectionException {
        ConnectionException failed = null;
        for (String name : candidates(host)) {
            try {
                askForBoth(questions, name, found);
                return;
            } catch (ConnectionException e) {
                if (e.reason() == Reason.INTERRUPTED) throw e;
                // a server that failed may know what the others do not
                if (failed == null || failed.reason() == Reason.UNRESOLVED) failed = e;
            }
        }
        throw failed != null
                ? failed
                : NameServers.failure(Reason.UNRESOLVED, host, "there is no name to ask for", null);
    }

    /** Hands over what is found, as it is; fails when there was nothing for either family. */
    private void askForBoth(SharedWork<Question, Outcome> questions, String name, Consumer<List<InetAddress>> found)
            throws ConnectionException {
        var outcomes = new Mailbox<Outcome>();
        try {
            for (DnsRecordType type : FAMILIES) ask(questions, new Question(name, type), outcomes);
            boolean any = false;
            ConnectionException failed = null;
            for (int i = 0; i < FAMILIES.size(); i++) {
                Outcome outcome = outcomes.take();
                if (outcome.answer != null && !outcome.answer.isEmpty()) {
                    any = true;
                    found.accept(outcome.answer.addresses());
                } else if (outcome.failure != null) {
                    failed = outcome.failure; // says more than that there is nothing
                } else if (outcome.answer != null && failed == null) {
                    failed = NameServers.failure(Reason.UNRESOLVED, name, outcome.answer.says(), null);
                }
            }
            if (!any && failed != null) throw failed;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw NameServers.failure(Reason.INTERRUPTED, name, "the waiting thread was interrupted", e);
        } finally {
            for (DnsRecordType type : FAMILIES) questions.leave(new Question(name, type), outcomes);
        }
    }

    /** From the cache, or together with all who ask the same. */
    private void ask(SharedWork<Question, Outcome> questions, Question question, Mailbox<Outcome> outcomes) {
        DnsAnswer kept = cache.get(question);
        if (kept != null) {
            outcomes.post(new Outcome(kept, null));
        } else {
            questions.join(question, outcomes);
        }
    }

    private Outcome outcome(NameServers asked, Question question) {
        try {
            return new Outcome(answer(asked, question), null);
        } catch (ConnectionException e) {
            return new Outcome(null, e);
        } catch (RuntimeException e) {
            return new Outcome(
                    null, NameServers.failure(Reason.FAILED, question.name, "it could not be asked for: " + e, e));
        }
    }

    private DnsAnswer answer(NameServers asked, Question question) throws ConnectionException {
        DnsAnswer answer = asked.ask(question.name, question.type);
        long seconds = Math.min(answer.ttlSeconds(), options.longestTtl().toSeconds());
        long nanos = answer.isEmpty() ? options.negativeTtl().toNanos() : TimeUnit.SECONDS.toNanos(seconds);
        if (nanos > 0) cache.put(question, answer, nanos);
        return answer;
    }

    @Override
    public List<Service> services(String name) throws ConnectionException {
        if (questions == null) return Resolver.super.services(name);
        DnsAnswer answer = askForServices(questions, absolute(name.toLowerCase(Locale.ROOT)));
        if (answer.isEmpty()) throw NameServers.failure(Reason.UNRESOLVED, name, answer.says(), null);
        List<Service> offered = answer.services().stream()
                .filter(each -> !each.host().equals("."))
                .toList();
        if (offered.isEmpty()) {
            throw NameServers.failure(Reason.UNRESOLVED, name, "the domain says that it does not offer this", null);
        }
        return ServiceOrder.of(offered, ThreadLocalRandom.current());
    }

    private DnsAnswer askForServices(SharedWork<Question, Outcome> questions, String name) throws ConnectionException {
        var question = new Question(name, DnsRecordType.SRV);
        var outcomes = new Mailbox<Outcome>();
        try {
            ask(questions, question, outcomes);
            Outcome outcome = outcomes.take();
            if (outcome.answer != null) return outcome.answer;
            throw Objects.requireNonNull(outcome.failure);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw NameServers.failure(Reason.INTERRUPTED, name, "the waiting thread was interrupted", e);
        } finally {
            questions.leave(question, outcomes);
        }
    }

    /** The names to look for, in the order of {@code resolv.conf(5)}. */
    private List<String> candidates(String host) {
        if (host.endsWith(".")) return List.of(host);
        var names = new ArrayList<String>();
        for (String domain : options.search()) names.add(host + "." + absolute(domain));
        boolean first = host.chars().filter(each -> each == '.').count() >= options.ndots();
        names.add(first ? 0 : names.size(), absolute(host));
        return names;
    }
}
