package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.HALF_MATCH_AT_THE_END;
import static io.penstock.testkit.cosocket.IntendedDifference.NOTHING_IS_ALWAYS_THERE;
import static io.penstock.testkit.cosocket.IntendedDifference.THE_END_OF_A_PART_IS_TOLD;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.gather;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.until;
import static io.penstock.testkit.cosocket.Step.untilInclusive;
import static io.penstock.testkit.cosocket.Step.within;

import io.penstock.testkit.Cut;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Scripts that nobody has thought of: random streams over a small alphabet, in random cuts, received by a random mix of methods.
 *
 * <p>Where the peer is known to lose bytes they do not go: other methods come in only where an iterator has matched, or has a delimiter
 * of which no two bytes are repeated.
 */
final class RandomScripts {
    static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);
    private static final List<String> PLAIN = List.of(";", ";,", ";,x", ";,x-");
    private static final List<String> TWISTED = List.of("aa", "aba", "abaab", "aabaaa", "abab", "aaab", "bbabb");

    private final Random random;

    private RandomScripts(long seed) {
        random = new Random(seed);
    }

    static List<Script> list(int count) {
        var scripts = new ArrayList<Script>();
        for (int i = 0; i < count; i++) {
            var made = new RandomScripts(SEED + i);
            String name = "random, seed " + (SEED + i);
            Script script = switch (i % 3) {
                case 0 -> made.mix(name);
                case 1 -> made.iteration(name);
                default -> made.timeouts(name);
            };
            scripts.add(script.perhaps(HALF_MATCH_AT_THE_END, NOTHING_IS_ALWAYS_THERE, THE_END_OF_A_PART_IS_TOLD));
        }
        return scripts;
    }

    /** Any method after any other. */
    private Script mix(String name) {
        var steps = new ArrayList<Step>(List.of(connect()));
        for (String each : PLAIN) {
            steps.add(random.nextBoolean() ? until(each, each) : untilInclusive(each, each));
        }
        int count = 3 + random.nextInt(20);
        for (int i = 0; i < count; i++) {
            steps.add(
                    switch (random.nextInt(5)) {
                        case 0 -> line();
                        case 1 -> receive(1 + random.nextInt(12));
                        case 2 -> gather(1 + random.nextInt(6));
                        case 3 -> next(oneOf(PLAIN));
                        default -> next(oneOf(PLAIN), 1 + random.nextInt(8));
                    });
        }
        steps.add(all());
        return Script.of(name)
                .far(sends(stream("ab;,x-\n", 120) + "\n;,x-;,x;,;", cut()), closes())
                .near(steps.toArray(Step[]::new));
    }

    /** One iterator with a delimiter that has parts of itself in it. */
    private Script iteration(String name) {
        String delimiter = oneOf(TWISTED);
        var steps = new ArrayList<Step>(
                List.of(connect(), random.nextBoolean() ? until("r", delimiter) : untilInclusive("r", delimiter)));
        int count = 3 + random.nextInt(20);
        for (int i = 0; i < count; i++)
            steps.add(random.nextInt(3) == 0 ? next("r") : next("r", 1 + random.nextInt(6)));
        return Script.of(name)
                .far(sends(stream("ab", 60) + "c" + delimiter + "c", cut()), closes())
                .near(steps.toArray(Step[]::new));
    }

    /** A stream that stops, in which every timeout must leave what can be gone on from. */
    private Script timeouts(String name) {
        String delimiter = oneOf(TWISTED);
        var steps = new ArrayList<Step>(List.of(connect(), until("r", delimiter)));
        var acts = new ArrayList<Act>();
        boolean iterates = random.nextBoolean();
        for (int i = 0; i < 3; i++) {
            acts.add(sends(stream("ab\n", 12)));
            acts.add(tells("sent-" + i));
            acts.add(awaits("go-on-" + i));
            steps.add(await("sent-" + i));
            Step stuck = iterates
                    ? next("r", 20)
                    : switch (random.nextInt(3)) {
                        case 0 -> receive(20);
                        case 1 -> gather(20);
                        default -> all();
                    };
            steps.add(within(20, stuck));
            steps.add(tell("go-on-" + i));
        }
        acts.add(sends("c" + delimiter + "c", cut()));
        acts.add(closes());
        steps.add(iterates ? next("r") : all());
        return Script.of(name).far(acts.toArray(Act[]::new)).near(steps.toArray(Step[]::new));
    }

    private Cut cut() {
        return switch (random.nextInt(3)) {
            case 0 -> Cut.WHOLE;
            case 1 -> new Cut.Every(1 + random.nextInt(5));
            default -> new Cut.AtRandom(random.nextLong());
        };
    }

    private String stream(String letters, int most) {
        var text = new StringBuilder();
        int size = 1 + random.nextInt(most);
        for (int i = 0; i < size; i++) text.append(letters.charAt(random.nextInt(letters.length())));
        return text.toString();
    }

    private <T> T oneOf(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }
}
