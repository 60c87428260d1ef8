package io.penstock.examples.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.docker.Running.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code docker attach}. */
final class AttachScenarios {
    static final Scenario[] ALL = {
        new Scenario("attach: output and exit status", docker -> {
            String name = docker.name("told");
            Path told = docker.home().resolve(name);
            String waiting = "until [ -e " + told + " ]; do echo; sleep 0.1; done; echo o; echo e >&2; exit 3";
            docker.run("run", "-d", "--name", name, "any", "sh", "-c", waiting).end();
            var watching = docker.run("attach", name).awaitOutput("\n");
            Files.createFile(told);
            Outcome seen = watching.end();
            assertThat(new Outcome(seen.status(), seen.output().strip(), seen.error()))
                    .isEqualTo(new Outcome(3, "o", "e\n"));
            docker.run("rm", name).end();
        }),
        new Scenario("attach: input", docker -> {
            String name = docker.name("asker");
            docker.run("run", "-d", "-i", "--name", name, "any", "sh", "-c", "read x; echo \"<$x>\"; exit 5")
                    .end();
            docker.start("attach", name).input("hello\n").ends(5, "<hello>\n", "");
            docker.run("rm", name).end();
        }),
        new Scenario("attach: the end of its input is not that of the container's", docker -> {
            String name = docker.name("patient");
            docker.run(
                            "run",
                            "-d",
                            "-i",
                            "--name",
                            name,
                            "any",
                            "sh",
                            "-c",
                            "read x; echo \"<$x>\"; read y; echo \"<$y>\"")
                    .end();
            var first = docker.start("attach", name).input("one\n").awaitOutput("<one>\n");
            docker.start("attach", name).type("two\n").ends(0, "<two>\n", "");
            first.ends(0, "<one>\n<two>\n", "");
            docker.run("rm", name).end();
        }),
        new Scenario("attach --no-stdin", docker -> {
            String name = docker.name("deaf");
            String ticking = "while sleep 0.1; do echo; done & read x; kill $!; echo \"<$x>\"";
            docker.run("run", "-d", "-i", "--name", name, "any", "sh", "-c", ticking)
                    .end();
            var watching =
                    docker.start("attach", "--no-stdin", name).input("not me\n").awaitOutput("\n");
            docker.start("attach", name).type("me\n").end();
            Outcome seen = watching.end();
            assertThat(new Outcome(seen.status(), seen.output().strip(), seen.error()))
                    .isEqualTo(new Outcome(0, "<me>", ""));
            docker.run("rm", name).end();
        }),
        new Scenario("attach: a signal is passed on", docker -> {
            String name = docker.name("target");
            docker.run("run", "-d", "-i", "--name", name, "any", "cat").end();
            var attached = docker.start("attach", name).type("up\n").awaitOutput("up\n");
            attached.terminate();
            attached.ends(143, "up\n", "");
            docker.run("rm", name).end();
        }),
        new Scenario("attach: one of two clients is killed", docker -> {
            String name = docker.name("shared");
            docker.run(
                            "run",
                            "-d",
                            "-i",
                            "--name",
                            name,
                            "any",
                            "sh",
                            "-c",
                            "echo up; while read x; do echo \"<$x>\"; done; exit 1")
                    .end();
            var one = docker.start("attach", name).type("1\n").awaitOutput("<1>\n");
            var two = docker.start("attach", name).type("2\n").awaitOutput("<2>\n");
            one.awaitOutput("<2>\n").kill();
            two.type("3\n").awaitOutput("<3>\n");
            docker.run("kill", name).end();
            two.ends(137, "<2>\n<3>\n", "");
            docker.run("rm", name).end();
        }),
        new Scenario("attach to one that has ended", docker -> {
            String name = docker.name("ended");
            docker.run("run", "--name", name, "any", "true").ends(0, "", "");
            docker.run("attach", name).ends(1, "", "You cannot attach to a stopped container, start it first\n");
            docker.run("exec", name, "true")
                    .ends(1, "", "Error response from daemon: container " + name + " is not running\n");
            docker.run("rm", name).end();
        }),
        new Scenario(
                "attach to nobody",
                docker -> docker.run("attach", "nobody")
                        .ends(1, "", "Error response from daemon: No such container: nobody\n")),
    };

    private AttachScenarios() {}
}
