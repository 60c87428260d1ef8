package io.penstock.testkit.cosocket;

import io.penstock.testkit.cosocket.Outcome.Absent;
import io.penstock.testkit.cosocket.Outcome.Done;
import io.penstock.testkit.cosocket.Outcome.Failed;
import io.penstock.testkit.cosocket.Outcome.Misused;
import io.penstock.testkit.cosocket.Outcome.Over;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Whether what a script received is, in a row and with the delimiters, the stream that was sent to it: no byte lost, doubled or moved,
 * and everything received where the end was met.
 */
final class Conservation {
    private final List<Step> steps;
    private final Map<String, Outcome> outcomes;
    private final String stream;

    private Conservation(List<Step> steps, Map<String, Outcome> outcomes, String stream) {
        this.steps = steps;
        this.outcomes = outcomes;
        this.stream = stream;
    }

    /** Whether it does; scripts that do more than to receive one stream are not looked at. */
    static boolean holds(Script script, Map<String, Outcome> outcomes) {
        if (script.downstream() || script.connections().size() != 1) return true;
        String stream = script.connections().getFirst().stream()
                .map(act -> act instanceof Act.Send(var text, var _) ? text : "")
                .collect(Collectors.joining());
        boolean receives = script.steps().stream().allMatch(step -> switch (step) {
            case Step.Receive _, Step.Gather _, Step.Any _, Step.Next _, Step.Until _ -> true;
            case Step.Limits _, Step.Await _, Step.Tell _ -> true;
            case Step.Connect to -> to == script.steps().getFirst();
            case Step.Plain plain -> plain == Step.Plain.ALL || plain == Step.Plain.LINE && !stream.contains("\r");
            default -> false;
        });
        return !receives || new Conservation(script.steps(), outcomes, stream).holds(0, 0);
    }

    /** Whether the steps from this one on go on with the stream from there on. */
    private boolean holds(int index, int from) {
        if (index == steps.size()) return true;
        Step step = steps.get(index);
        Outcome came = outcome(index);
        return switch (step) {
            case Step.Receive _, Step.Gather _, Step.Any _, Step.Next _, Step.Plain _ ->
                switch (came) {
                    case Done(var value) -> goesOn(index, from, value);
                    case Failed(var reason, var partial)
                    when reason.equals("EOF") ->
                        stream.substring(from).equals(partial) && holds(index + 1, stream.length());
                    case Failed(var reason, var partial)
                    when reason.equals("TIMEOUT") ->
                        stream.startsWith(partial, from) && holds(index + 1, from + partial.length());
                    case Failed _ -> true; // of a line that cannot be had it is not told how long it was
                    case Over _, Misused _ -> holds(index + 1, from);
                    case Absent _ -> false;
                };
            default -> holds(index + 1, from);
        };
    }

    private boolean goesOn(int index, int from, String value) {
        if (!stream.startsWith(value, from)) return false;
        int behind = from + value.length();
        return switch (steps.get(index)) {
            case Step.Plain.LINE -> over("\n", index, behind);
            case Step.Next next -> {
                Step.Until made = made(next.iterator());
                if (made.inclusive()) yield holds(index + 1, behind);
                if (next.size() == 0) yield over(made.pattern(), index, behind);
                yield switch (told(next.iterator(), index)) {
                    case OVER -> over(made.pattern(), index, behind);
                    case GOES_ON -> holds(index + 1, behind);
                    case UNTOLD -> holds(index + 1, behind) || over(made.pattern(), index, behind);
                };
            }
            default -> holds(index + 1, behind);
        };
    }

    private boolean over(String delimiter, int index, int from) {
        return stream.startsWith(delimiter, from) && holds(index + 1, from + delimiter.length());
    }

    private enum Told {
        OVER,
        GOES_ON,
        UNTOLD
    }

    /** Whether a piece was the last one of its part: its delimiter is gone with it, and the next call tells so. */
    private Told told(String iterator, int index) {
        for (int i = index + 1; i < steps.size(); i++) {
            if (steps.get(i) instanceof Step.Next next && next.iterator().equals(iterator))
                return outcome(i) instanceof Over ? Told.OVER : Told.GOES_ON;
        }
        return Told.UNTOLD;
    }

    private Step.Until made(String iterator) {
        return steps.stream()
                .filter(step ->
                        step instanceof Step.Until until && until.iterator().equals(iterator))
                .map(Step.Until.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private Outcome outcome(int index) {
        return outcomes.getOrDefault(StepLines.id("", index), Comparison.MISSING);
    }
}
