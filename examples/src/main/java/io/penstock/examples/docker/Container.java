package io.penstock.examples.docker;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A job with a name that stays when it has ended.
 *
 * @param oneInput whether its input ends with that of the first client who has one
 * @param removal completed with its exit status when it has ended and, where that was asked for, is removed
 */
record Container(
        String id,
        String name,
        String image,
        Instant created,
        Job job,
        boolean oneInput,
        CompletableFuture<Integer> removal) {

    boolean isCalled(String reference) {
        return name.equals(reference) || (!reference.isEmpty() && id.startsWith(reference));
    }

    /** What becomes of what an attached client sends. A terminal stays when its client leaves. */
    Session.Input input() {
        return oneInput && !job.command().terminal() ? Session.Input.WHOLE : Session.Input.SHARED;
    }

    String status() {
        return job.isRunning() ? "running" : job.exit().isDone() ? "exited" : "created";
    }

    /** As {@code docker inspect} shows it. */
    Map<String, Object> details() {
        return Map.of(
                "Id", id,
                "Name", "/" + name,
                "Created", created.toString(),
                "State",
                        Map.of(
                                "Status",
                                status(),
                                "Running",
                                job.isRunning(),
                                "ExitCode",
                                job.exit().getNow(0)),
                "Config",
                        Map.of(
                                "Image", image,
                                "Cmd", job.command().words(),
                                "Env", job.command().environment(),
                                "WorkingDir", job.command().directory().toString(),
                                "Tty", job.command().terminal(),
                                "OpenStdin", job.command().input(),
                                "StdinOnce", oneInput));
    }

    /** As {@code docker ps} shows it. */
    Map<String, Object> summary() {
        String status = job.isRunning()
                ? "Up"
                : job.exit().isDone() ? "Exited (" + job.exit().join() + ")" : "Created";
        return Map.of(
                "Id", id,
                "Names", List.of("/" + name),
                "Image", image,
                "Command", String.join(" ", job.command().words()),
                "Created", created.getEpochSecond(),
                "State", status(),
                "Status", status);
    }
}
