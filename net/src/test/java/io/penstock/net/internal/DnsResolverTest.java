package io.penstock.net.internal;

import static io.penstock.net.internal.StubDns.A;
import static io.penstock.net.internal.StubDns.AAAA;
import static io.penstock.net.internal.StubDns.EMPTY;
import static io.penstock.net.internal.StubDns.NXDOMAIN;
import static io.penstock.net.internal.StubDns.REFUSED;
import static io.penstock.net.internal.StubDns.SERVFAIL;
import static io.penstock.net.internal.StubDns.SRV;
import static io.penstock.net.internal.StubDns.TRUNCATED;
import static io.penstock.net.internal.StubDns.a;
import static io.penstock.net.internal.StubDns.aaaa;
import static io.penstock.net.internal.StubDns.cname;
import static io.penstock.net.internal.StubDns.srv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Descriptors;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Resolver.Service;
import io.penstock.net.ResolverOptions;
import io.penstock.net.Spawned;
import io.penstock.net.internal.StubDns.Reply;
import io.penstock.net.internal.StubDns.Script;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Names, asked from a name server that does what it must not. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#proven")
class DnsResolverTest {
    private final Loops loops;
    private final Loop loop;
    private final List<StubDns> servers = new ArrayList<>();
    private final AtomicLong now = new AtomicLong();

    DnsResolverTest(LoopOptions options) {
        loops = Loops.open(options);
        loop = loops.all().get(1);
    }

    @AfterEach
    void close() throws IOException {
        for (StubDns server : servers) server.close();
        loops.close(Duration.ZERO);
    }

    private StubDns server(Script script) throws IOException {
        var server = new StubDns(script);
        servers.add(server);
        return server;
    }

    private ResolverOptions options() {
        return ResolverOptions.of(servers.stream().map(StubDns::address).toArray(InetSocketAddress[]::new))
                .withHosts(null);
    }

    private Resolver resolver() {
        return resolver(options());
    }

    private Resolver resolver(ResolverOptions options) {
        return new DnsResolver((NettyLoops) loops, options, now::get);
    }

    private List<InetAddress> resolve(Resolver resolver, String host) {
        return Spawned.on(loop, () -> resolver.resolve(host)).value();
    }

    private ConnectionException failure(Resolver resolver, String host) {
        return Spawned.on(loop, () -> resolver.resolve(host)).failing();
    }

    private static List<InetAddress> addresses(String... texts) {
        return List.of(texts).stream().map(InetAddress::ofLiteral).toList();
    }

    @Test
    void bothFamiliesAreFoundAndKeptWithTheirTimeToLive() throws Exception {
        StubDns server = server(question -> question.type() == A
                ? Reply.of(a("db.example", 10, "10.0.0.1"), a("db.example", 7, "10.0.0.2"))
                : Reply.of(aaaa("db.example", 100, "2001:db8::1")));
        Resolver resolver = resolver();
        for (String host : List.of("db.example", "DB.Example", "db.example.")) {
            assertThat(resolve(resolver, host))
                    .containsExactlyInAnyOrderElementsOf(addresses("10.0.0.1", "10.0.0.2", "2001:db8::1"));
        }
        assertThat(server.asked).hasSize(2);
        now.set(TimeUnit.SECONDS.toNanos(7) - 1);
        resolve(resolver, "db.example");
        assertThat(server.asked).hasSize(2);
        now.set(TimeUnit.SECONDS.toNanos(7));
        resolve(resolver, "db.example");
        assertThat(server.asked("db.example", A)).isEqualTo(2);
        assertThat(server.asked("db.example", AAAA)).isOne();
    }

    @Test
    void theCacheIsBoundedInTimeAndSizeAndAnAnswerWithoutTimeToLiveIsNotKept() throws Exception {
        StubDns server = server(question -> question.type() == A
                ? Reply.of(a(question.name(), question.name().startsWith("zero") ? 0 : 100_000, "10.0.0.1"))
                : EMPTY);
        Resolver resolver = resolver(options().withCache(4, Duration.ofSeconds(30), Duration.ofHours(1)));
        resolve(resolver, "zero.example");
        resolve(resolver, "zero.example");
        assertThat(server.asked("zero.example", A)).isEqualTo(2);
        resolve(resolver, "long.example");
        now.set(TimeUnit.SECONDS.toNanos(30));
        resolve(resolver, "long.example");
        assertThat(server.asked("long.example", A)).isEqualTo(2);
        for (int i = 0; i < 3; i++) resolve(resolver, "n" + i + ".example");
        resolve(resolver, "long.example");
        assertThat(server.asked("long.example", A)).isEqualTo(3);
    }

    @Test
    void whatDoesNotExistIsRememberedAndTold() throws Exception {
        StubDns server = server(question -> question.name().startsWith("mail") ? EMPTY : NXDOMAIN);
        Resolver resolver = resolver();
        for (int i = 0; i < 2; i++) {
            var failure = failure(resolver, "nobody.example");
            assertThat(failure.reason()).isEqualTo(Reason.UNRESOLVED);
            assertThat(failure.phase()).isEqualTo(Phase.RESOLVE);
            assertThat(failure)
                    .hasMessageContaining("nobody.example")
                    .hasMessageContaining("NXDOMAIN")
                    .hasMessageContaining("127.0.0.1:" + server.address().getPort());
        }
        assertThat(server.asked).hasSize(2);
        assertThat(failure(resolver, "mail.example"))
                .hasMessageContaining("knows no A")
                .hasMessageContaining("127.0.0.1:");
        now.set(TimeUnit.SECONDS.toNanos(5));
        failure(resolver, "nobody.example");
        assertThat(server.asked("nobody.example", A)).isEqualTo(2);
    }

    @Test
    void whatIsKnownWithoutAServerIsNotAsked(@TempDir Path directory) throws Exception {
        Path hosts = Files.writeString(directory.resolve("hosts"), """
                # a comment
                127.0.0.7  Here.example alias   # more
                ::7        here.example
                nonsense   broken.example
                10.1.1.1
                """);
        StubDns server = server(_ -> NXDOMAIN);
        Resolver resolver = resolver(options().withHosts(hosts));
        assertThat(resolve(resolver, "here.example")).isEqualTo(addresses("127.0.0.7", "::7"));
        assertThat(resolve(resolver, "ALIAS.")).isEqualTo(addresses("127.0.0.7"));
        assertThat(resolve(resolver, "localhost")).isEqualTo(addresses("127.0.0.1", "::1"));
        assertThat(resolve(resolver, "any.localhost.")).isEqualTo(addresses("127.0.0.1", "::1"));
        assertThat(resolve(resolver, "10.2.3.4")).isEqualTo(addresses("10.2.3.4"));
        assertThat(resolve(resolver, "::9")).isEqualTo(addresses("::9"));
        assertThat(failure(resolver, "some.invalid").reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(server.asked).isEmpty();
        failure(resolver, "broken.example");
        assertThat(server.asked).isNotEmpty();
    }

    @Test
    void shortNamesAreLookedForInTheSearchListFirstAndLongOnesLast() throws Exception {
        StubDns server =
                server(question -> question.type() == A && question.name().equals("db.two.example")
                        ? Reply.of(a("db.two.example", 5, "10.0.0.1"))
                        : NXDOMAIN);
        Resolver resolver = resolver(options().withSearch(List.of("one.example", "two.example."), 1));
        assertThat(resolve(resolver, "db")).isEqualTo(addresses("10.0.0.1"));
        assertThat(server.asked.stream().map(StubDns.Question::name).distinct())
                .containsExactly("db.one.example", "db.two.example");
        server.asked.clear();
        assertThat(resolve(resolver, "db.two.example")).isEqualTo(addresses("10.0.0.1"));
        failure(resolver, "a.b");
        assertThat(server.asked.stream().map(StubDns.Question::name).distinct())
                .containsExactly("a.b", "a.b.one.example", "a.b.two.example");
        server.asked.clear();
        failure(resolver, "db."); // absolute
        assertThat(server.asked.stream().map(StubDns.Question::name).distinct()).containsExactly("db");
    }

    @Test
    void aliasesAreFollowedInTheAnswerAndBeyond() throws Exception {
        StubDns server = server(question -> switch (question.name()) {
            case "www.example" ->
                question.type() == A
                        ? Reply.of(
                                cname("www.example", 3, "web.example"),
                                cname("web.example", 9, "cdn.example"),
                                a("cdn.example", 9, "10.0.0.1"),
                                a("other.example", 9, "10.6.6.6"))
                        : Reply.of(cname("www.example", 9, "far.example"));
            case "far.example" -> Reply.of(aaaa("far.example", 9, "2001:db8::1"));
            case "loop.example" -> Reply.of(cname("loop.example", 9, "loop.example"));
            case "endless.example" -> Reply.of(cname("endless.example", 9, "endless0.example"));
            default -> Reply.of(cname(question.name(), 9, "x" + question.name()));
        });
        Resolver resolver = resolver();
        assertThat(resolve(resolver, "www.example"))
                .containsExactlyInAnyOrderElementsOf(addresses("10.0.0.1", "2001:db8::1"));
        now.set(TimeUnit.SECONDS.toNanos(3)); // the shortest of the chain
        resolve(resolver, "www.example");
        assertThat(server.asked("www.example", A)).isEqualTo(2);
        assertThat(failure(resolver, "loop.example")).hasMessageContaining("alias for itself");
        assertThat(failure(resolver, "endless.example")).hasMessageContaining("alias of an alias");
    }

    @Test
    void anAliasThatIsAskedForOnItsOwnIsKeptNoLongerThanItHolds() throws Exception {
        StubDns server = server(question -> question.type() != A
                ? EMPTY
                : question.name().equals("www.example")
                        ? Reply.of(cname("www.example", 3, "far.example"))
                        : Reply.of(a("far.example", 9, "10.0.0.1")));
        Resolver resolver = resolver();
        resolve(resolver, "www.example");
        now.set(TimeUnit.SECONDS.toNanos(3) - 1);
        assertThat(resolve(resolver, "www.example")).isEqualTo(addresses("10.0.0.1"));
        assertThat(server.asked("www.example", A)).isOne();
        now.set(TimeUnit.SECONDS.toNanos(3));
        resolve(resolver, "www.example");
        assertThat(server.asked("www.example", A)).isEqualTo(2);
    }

    @Test
    void whoAsksTheSameAtTheSameTimeSharesTheQuestionAndMayLeave() throws Exception {
        var answering = new CountDownLatch(1);
        StubDns server = server(question -> {
            answering.await();
            return question.type() == A ? Reply.of(a("db.example", 5, "10.0.0.1")) : EMPTY;
        });
        Resolver resolver = resolver(options().withTimeout(Duration.ofSeconds(8), 1));
        var asking = new ArrayList<Spawned<List<InetAddress>>>();
        for (int i = 0; i < 300; i++) asking.add(Spawned.on(loop, () -> resolver.resolve("db.example.")));
        asking.forEach(Spawned::parked);
        await().until(() -> server.asked.size() == 2);
        for (int i = 0; i < 300; i += 2) asking.get(i).thread().interrupt();
        for (int i = 0; i < 300; i += 2) assertThat(asking.get(i).reason()).isEqualTo(Reason.INTERRUPTED);
        answering.countDown();
        for (int i = 1; i < 300; i += 2) assertThat(asking.get(i).value()).isEqualTo(addresses("10.0.0.1"));
        assertThat(server.asked).hasSize(2);
    }

    @Test
    void onlySoManyQuestionsAreUnderWayAtOnceAndTheOthersFollow() throws Exception {
        var answering = new CountDownLatch(1);
        StubDns server = server(question -> {
            answering.await();
            return question.type() == A ? Reply.of(a(question.name(), 5, "10.0.0.1")) : EMPTY;
        });
        Resolver resolver = resolver(options().withTimeout(Duration.ofSeconds(8), 1));
        var asking = new ArrayList<Spawned<List<InetAddress>>>();
        for (int i = 0; i < DnsResolver.MOST_QUESTIONS; i++) {
            String name = "n" + i + ".example.";
            asking.add(Spawned.on(loop, () -> resolver.resolve(name)));
        }
        asking.forEach(Spawned::parked);
        await().until(() -> server.asked.size() == DnsResolver.MOST_QUESTIONS);
        answering.countDown();
        for (var each : asking) assertThat(each.value()).isEqualTo(addresses("10.0.0.1"));
        assertThat(server.asked).hasSize(2 * DnsResolver.MOST_QUESTIONS);
    }

    @Test
    void aServerThatFailsIsPassedOver() throws Exception {
        server(_ -> SERVFAIL);
        StubDns second = server(question -> question.type() == A ? Reply.of(a("db.example", 5, "10.0.0.1")) : EMPTY);
        assertThat(resolve(resolver(), "db.example")).isEqualTo(addresses("10.0.0.1"));
        assertThat(second.asked).hasSize(2);
    }

    @Test
    void whenAllServersFailTheFailureSaysWhoAndHow() throws Exception {
        StubDns first = server(_ -> REFUSED);
        StubDns second = server(_ -> SERVFAIL);
        var failure = failure(resolver(), "db.example");
        assertThat(failure.reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(failure)
                .hasMessageContaining("db.example")
                .hasMessageContaining("127.0.0.1:" + second.address().getPort())
                .hasMessageContaining("ServFail");
        assertThat(first.asked("db.example", A)).isEqualTo(2);
    }

    @Test
    void aServerThatDoesNotAnswerIsAskedAgainAndThenNamed() throws Exception {
        StubDns mute = server(_ -> null);
        var failure = failure(resolver(options().withTimeout(Duration.ofMillis(100), 3)), "db.example");
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure)
                .hasMessageContaining("127.0.0.1:" + mute.address().getPort() + " has not answered within 100 ms");
        assertThat(mute.asked("db.example", A)).isEqualTo(3);
        assertThat(mute.asked("db.example", AAAA)).isEqualTo(3);
    }

    @Test
    void aLostAnswerIsMadeUpForByAnotherQuestion() throws Exception {
        var first = new AtomicInteger();
        server(question -> question.type() != A
                ? EMPTY
                : first.getAndIncrement() == 0 ? null : Reply.of(a("db.example", 5, "10.0.0.1")));
        assertThat(resolve(resolver(options().withTimeout(Duration.ofMillis(200), 2)), "db.example"))
                .isEqualTo(addresses("10.0.0.1"));
    }

    @Test
    void anAnswerThatWasCutIsFetchedOverTcp() throws Exception {
        StubDns server = server(question -> {
            if (question.type() != A) return EMPTY;
            if (!question.tcp()) return TRUNCATED;
            var entries = new ArrayList<StubDns.Entry>();
            for (int i = 0; i < 200; i++) entries.add(a("many.example", 5, "10.0.1." + i));
            return new Reply(0, false, entries);
        });
        assertThat(resolve(resolver(), "many.example")).hasSize(200);
        assertThat(server.asked).contains(new StubDns.Question("many.example", A, true));
    }

    @Test
    void anAnswerThatIsNonsenseIsToldAsSuch() throws Exception {
        server(question -> Reply.of(new StubDns.Entry(question.name(), question.type(), 5, new byte[3])));
        var failure = failure(resolver(), "db.example");
        assertThat(failure.reason()).isEqualTo(Reason.MALFORMED);
        assertThat(failure).hasMessageContaining("127.0.0.1:").hasMessageContaining("nonsense");
    }

    @Test
    void nothingIsLeftOpenAndAnInterruptedThreadGetsAwayAtOnce() throws Exception {
        StubDns mute = server(_ -> null);
        Resolver resolver = resolver(options().withTimeout(Duration.ofMillis(500), 1));
        long before = Descriptors.open();
        var asking = Spawned.on(loop, () -> resolver.resolve("db.example"));
        await().until(() -> mute.asked.size() == 2);
        asking.thread().interrupt();
        assertThat(asking.reason()).isEqualTo(Reason.INTERRUPTED);
        await().until(() -> Descriptors.open() <= before);
    }

    @Test
    void withoutAServerTheJdkIsAsked() {
        Resolver resolver = resolver(ResolverOptions.of().withHosts(null));
        assertThat(resolve(resolver, "localhost")).isNotEmpty();
        assertThat(Spawned.on(loop, () -> resolver.services("_a._tcp.example")).reason())
                .isEqualTo(Reason.UNRESOLVED);
    }

    // ---- dialling

    private Connector connector(Resolver resolver) {
        return Connector.of(loops, ConnectorOptions.DEFAULT.withResolver(resolver));
    }

    @Test
    void diallingWaitsForVersionSixAMomentOnly() throws Exception {
        var never = new CountDownLatch(1);
        server(question -> {
            if (question.type() == A) return Reply.of(a("db.example", 5, "127.0.0.1"));
            never.await();
            return null;
        });
        try (var target = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"))) {
            long start = System.nanoTime();
            Connection connection = Spawned.on(
                            loop, () -> connector(resolver()).connect("db.example", target.getLocalPort()))
                    .value();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(50), Duration.ofMillis(1900));
            connection.abort();
        } finally {
            never.countDown();
        }
    }

    // ---- services

    @Test
    void theTargetsOfAServiceAreTriedInTheirOrder() throws Exception {
        int refused;
        try (var nobody = new ServerSocket(0)) {
            refused = nobody.getLocalPort();
        }
        try (var target = new ServerSocket(0, 8, InetAddress.ofLiteral("127.0.0.1"))) {
            StubDns server = server(question -> switch (question.name()) {
                case "_redis._tcp.example" ->
                    Reply.of(
                            srv(question.name(), 60, 20, 0, target.getLocalPort(), "b.example"),
                            srv(question.name(), 60, 10, 0, refused, "a.example"),
                            srv(question.name(), 60, 5, 0, 1, "gone.example"));
                case "a.example", "b.example" ->
                    question.type() == A ? Reply.of(a(question.name(), 60, "127.0.0.1")) : EMPTY;
                default -> NXDOMAIN;
            });
            Resolver resolver = resolver();
            assertThat(Spawned.on(loop, () -> resolver.services("_redis._tcp.example"))
                            .value())
                    .containsExactly(
                            new Service("gone.example", 1, 5, 0),
                            new Service("a.example", refused, 10, 0),
                            new Service("b.example", target.getLocalPort(), 20, 0));
            Connection connection = Spawned.on(loop, () -> connector(resolver).connectService("_redis._tcp.example"))
                    .value();
            assertThat(connection.remoteAddress()).isEqualTo(target.getLocalSocketAddress());
            connection.abort();
            assertThat(server.asked("_redis._tcp.example", SRV)).isOne();
        }
    }

    @Test
    void whenNoTargetAnswersTheFailureNamesThemAll() throws Exception {
        server(question -> question.type() == SRV
                ? Reply.of(
                        srv(question.name(), 60, 1, 0, 1, "a.example"), srv(question.name(), 60, 2, 0, 1, "b.example"))
                : NXDOMAIN);
        var failure = Spawned.on(loop, () -> connector(resolver()).connectService("_x._tcp.example"))
                .failing();
        assertThat(failure.reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(failure)
                .hasMessageContaining("_x._tcp.example")
                .hasMessageContaining("a.example")
                .hasMessageContaining("b.example");
    }

    @Test
    void aServiceThatIsNotOfferedIsToldAsSuch() throws Exception {
        server(question -> question.name().startsWith("_no")
                ? Reply.of(srv(question.name(), 60, 0, 0, 0, "."))
                : question.name().startsWith("_bad")
                        ? Reply.of(new StubDns.Entry(question.name(), SRV, 60, new byte[6]))
                        : NXDOMAIN);
        Resolver resolver = resolver();
        assertThat(Spawned.on(loop, () -> resolver.services("_no._tcp.example")).failing())
                .hasMessageContaining("does not offer");
        assertThat(Spawned.on(loop, () -> resolver.services("_bad._tcp.example"))
                        .reason())
                .isEqualTo(Reason.MALFORMED);
        assertThat(Spawned.on(loop, () -> connector(resolver).connectService("_other._tcp.example"))
                        .failing())
                .hasMessageContaining("NXDOMAIN")
                .extracting(ConnectionException::reason)
                .isEqualTo(Reason.UNRESOLVED);
    }

    @Test
    void weightsAreChances() {
        var services =
                List.of(new Service("heavy", 1, 1, 90), new Service("light", 1, 1, 10), new Service("none", 1, 1, 0));
        var random = new Random(7);
        int heavy = 0;
        int none = 0;
        for (int i = 0; i < 10_000; i++) {
            List<Service> order = ServiceOrder.of(services, random);
            assertThat(order).containsExactlyInAnyOrderElementsOf(services);
            if (order.getFirst().host().equals("heavy")) heavy++;
            if (order.getFirst().host().equals("none")) none++;
        }
        assertThat(heavy).isBetween(8700, 9100);
        assertThat(none).isBetween(50, 200);
        assertThat(ServiceOrder.of(List.of(new Service("a", 1, 1, 65535), new Service("b", 1, 0, 0)), random)
                        .getFirst()
                        .host())
                .isEqualTo("b");
    }
}
