package io.penstock.testkit.cosocket;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.Cut;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A small program for two machines: what is done to the socket, and what its far side does meanwhile.
 *
 * <p>{@snippet :
 * Script.of("058#2 a last line without LF")
 *         .far(sends("foo"), closes())
 *         .near(connect(), line());
 * }
 *
 * @param name what is tested, beginning with the test of the peer's that it retells, where there is one
 * @param steps of the near side
 * @param connections what the far side does on its first connection, on its second and so on
 * @param downstream whether the far side is an HTTP client and the steps are done by a request's handler
 * @param differing the differences that must show
 * @param perhaps the differences that may show
 * @param ours what must come of our steps, by their ids, where the differences alone do not say it
 */
public record Script(
        String name,
        List<Step> steps,
        List<List<Act>> connections,
        boolean downstream,
        List<IntendedDifference> differing,
        List<IntendedDifference> perhaps,
        Map<String, Outcome> ours) {
    public static Script of(String name) {
        return new Script(name, List.of(), List.of(), false, List.of(), List.of(), Map.of());
    }

    /** A script whose far side is a client of an HTTP server, and whose near side handles its request. */
    public static Script ofRequest(String name) {
        return new Script(name, List.of(), List.of(), true, List.of(), List.of(), Map.of());
    }

    public Script near(Step... does) {
        return new Script(name, Step.plain(does), connections, downstream, differing, perhaps, ours);
    }

    /** Adds a connection of the far side. */
    public Script far(Act... does) {
        var more = new ArrayList<>(connections);
        more.add(List.of(does));
        return new Script(name, steps, List.copyOf(more), downstream, differing, perhaps, ours);
    }

    public Script differing(IntendedDifference... shown) {
        return new Script(name, steps, connections, downstream, List.of(shown), perhaps, ours);
    }

    /** For scripts of which nobody knows the outcome beforehand. */
    public Script perhaps(IntendedDifference... shown) {
        return new Script(name, steps, connections, downstream, differing, List.of(shown), ours);
    }

    /** What a step of ours must answer, whatever the peer's does. Steps are numbered as failures number them: {@code within} is three. */
    public Script ours(String step, String answer) {
        return ours(step, new Outcome.Done(answer));
    }

    /** How a step of ours must fail. */
    public Script ours(String step, Reason reason, String partial) {
        return ours(step, new Outcome.Failed(reason.name(), partial));
    }

    private Script ours(String step, Outcome outcome) {
        var more = new HashMap<>(ours);
        more.put(step, outcome);
        return new Script(name, steps, connections, downstream, differing, perhaps, Map.copyOf(more));
    }

    /** The same with everything that the far side sends cut in this way. */
    public Script cut(Cut cut) {
        List<List<Act>> pieces = connections.stream()
                .map(acts -> acts.stream()
                        .map(act -> act instanceof Act.Send send ? new Act.Send(send.text(), cut) : act)
                        .toList())
                .toList();
        return new Script(name + ", " + cut, steps, pieces, downstream, differing, perhaps, ours);
    }

    /** How often the steps are done: once, or for each request that the far side sends. */
    int requests() {
        if (!downstream) return 1;
        return connections.stream()
                .flatMap(List::stream)
                .mapToInt(act -> act instanceof Act.Send(var text, var _) ? text.split("\\{run}", -1).length - 1 : 0)
                .sum();
    }

    /** The delimiter of the iterator that a step calls; empty where it calls none. */
    String delimiter(String step) {
        Map<String, String> patterns = new HashMap<>();
        String place = step.substring(step.indexOf('/') + 1);
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Step.Until made) patterns.put(made.iterator(), made.pattern());
            if (place.equals(StepLines.id("", i)) && steps.get(i) instanceof Step.Next next)
                return patterns.getOrDefault(next.iterator(), "");
        }
        return "";
    }

    boolean isOfDatagrams() {
        return steps.stream().anyMatch(step -> step instanceof Step.Connected);
    }

    /** Whether connections are given back. */
    boolean pools() {
        return anyPools(steps);
    }

    private static boolean anyPools(List<Step> steps) {
        return steps.stream().anyMatch(step -> switch (step) {
            case Step.Keep _ -> true;
            case Step.Connect connect -> connect.size() > 0 || connect.backlog() >= 0 || connect.pool() != null;
            case Step.Spawn spawn -> anyPools(spawn.steps());
            default -> false;
        });
    }

    @Override
    public String toString() {
        return name;
    }
}
