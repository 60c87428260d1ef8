package io.penstock.testkit.cosocket;

import io.penstock.testkit.cosocket.Outcome.Done;
import io.penstock.testkit.cosocket.Outcome.Failed;
import io.penstock.testkit.cosocket.Outcome.Misused;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Two runs of a script, step by step: every difference must be one of the intended ones that the script names, and each of those must show. */
record Comparison(Script script, Map<String, Outcome> theirs, Map<String, Outcome> ours) {
    /** Of a step that was not done to its end. */
    static final Outcome MISSING = new Done("(no outcome)");

    /** What is wrong; empty when nothing is. */
    List<String> problems() {
        var problems = new ArrayList<String>();
        Set<IntendedDifference> shown = EnumSet.noneOf(IntendedDifference.class);
        Set<String> ids = new TreeSet<>(theirs.keySet());
        ids.addAll(ours.keySet());
        for (String id : ids) {
            Outcome peer = theirs.getOrDefault(id, MISSING);
            Outcome we = ours.getOrDefault(id, MISSING);
            Outcome stated = script.ours().get(id);
            if (stated != null && !stated.equals(we)) {
                problems.add("step " + id + ": we " + we + ", and should " + stated);
                continue;
            }
            if (isSame(peer, we)) continue;
            List<IntendedDifference> reasons = Stream.concat(script.differing().stream(), script.perhaps().stream())
                    .filter(each ->
                            (stated != null || !each.isStated()) && each.explains(peer, we, script.delimiter(id)))
                    .toList();
            if (reasons.isEmpty()) problems.add("step " + id + ": the peer " + peer + ", we " + we);
            shown.addAll(reasons);
        }
        for (String id : script.ours().keySet()) {
            if (!ids.contains(id)) problems.add("there is no step " + id);
        }
        if (!Conservation.holds(script, ours)) problems.add("our bytes are not those of the stream");
        for (IntendedDifference each : script.differing()) {
            if (!shown.contains(each)) problems.add(each + " does not show");
        }
        return problems;
    }

    private static boolean isSame(Outcome peer, Outcome we) {
        if (peer instanceof Misused && we instanceof Misused) return true;
        if (peer instanceof Failed failed && we instanceof Failed too) {
            return PeerWords.mean(failed.reason(), too.reason())
                    && failed.partial().equals(too.partial());
        }
        return peer.equals(we);
    }
}
