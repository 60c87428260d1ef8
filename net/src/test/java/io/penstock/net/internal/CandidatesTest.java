package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The order in which addresses are tried, and what earlier attempts have to do with it. */
class CandidatesTest {
    private static List<InetAddress> addresses(String... texts) {
        return List.of(texts).stream().map(InetAddress::ofLiteral).toList();
    }

    private static List<InetAddress> order(Candidates candidates) {
        var order = new ArrayList<InetAddress>();
        while (!candidates.isEmpty()) order.add(candidates.next());
        return order;
    }

    @Test
    void theFamiliesTakeTurnsAndTheFirstAddressGoesFirst() {
        var candidates = new Candidates(null, _ -> false);
        candidates.add(addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "::1", "::2"));
        assertThat(order(candidates)).isEqualTo(addresses("10.0.0.1", "::1", "10.0.0.2", "::2", "10.0.0.3"));
    }

    @Test
    void addressesOfVersionSixThatComeInTimeGoFirst() {
        var candidates = new Candidates(null, _ -> false);
        candidates.add(addresses("10.0.0.1", "10.0.0.2"));
        candidates.add(addresses("::1", "::2"));
        assertThat(order(candidates)).isEqualTo(addresses("::1", "10.0.0.1", "::2", "10.0.0.2"));
    }

    @Test
    void addressesThatComeLaterJoinTheTurns() {
        var candidates = new Candidates(null, _ -> false);
        candidates.add(addresses("10.0.0.1", "10.0.0.2", "10.0.0.3"));
        assertThat(candidates.next()).isEqualTo(InetAddress.ofLiteral("10.0.0.1"));
        candidates.add(addresses("::1"));
        assertThat(order(candidates)).isEqualTo(addresses("::1", "10.0.0.2", "10.0.0.3"));
    }

    @Test
    void theFamilyThatWonLastGoesFirst() {
        var candidates = new Candidates(StandardProtocolFamily.INET, _ -> false);
        candidates.add(addresses("::1", "10.0.0.1"));
        assertThat(order(candidates)).isEqualTo(addresses("10.0.0.1", "::1"));
    }

    @Test
    void whatHasFailedOfLateGoesLastAndNothingTwice() {
        var candidates = new Candidates(null, Set.copyOf(addresses("::1", "10.0.0.1"))::contains);
        candidates.add(addresses("::1", "::2", "10.0.0.1", "10.0.0.2"));
        candidates.add(addresses("::2", "10.0.0.2"));
        assertThat(order(candidates)).isEqualTo(addresses("::2", "10.0.0.2", "::1", "10.0.0.1"));
    }

    @Test
    void experienceIsBoundedAndAges() {
        var now = new AtomicLong(-5);
        var map = new AgeingMap<String, Integer>(2, now::get);
        map.put("a", 1, 10);
        map.put("b", 2, 20);
        assertThat(map.get("a")).isEqualTo(1);
        map.put("c", 3, 30); // b was not used for longest
        assertThat(map.size()).isEqualTo(2);
        assertThat(map.get("b")).isNull();
        now.addAndGet(10);
        assertThat(map.get("a")).isNull();
        assertThat(map.get("c")).isEqualTo(3);
        assertThat(map.size()).isOne();
        map.remove("c");
        assertThat(map.get("c")).isNull();
    }
}
