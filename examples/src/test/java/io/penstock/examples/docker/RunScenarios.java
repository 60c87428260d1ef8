package io.penstock.examples.docker;

import static io.penstock.examples.docker.Scenario.BULK;
import static io.penstock.examples.docker.Scenario.assertOutput;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** {@code docker run}, {@code logs}, {@code wait}, {@code ps} and what else is about containers. */
final class RunScenarios {
    private static final String HINT = "\n\nRun 'docker run --help' for more information\n";

    static final Scenario[] ALL = {
        new Scenario(
                "run --rm",
                docker -> docker.run("run", "--rm", "--pull", "never", "any", "sh", "-c", "echo o; echo e >&2; exit 4")
                        .ends(4, "o\n", "e\n")),
        new Scenario(
                "run -i --rm",
                docker -> docker.start(
                                "run",
                                "-i",
                                "--rm",
                                "--pull",
                                "never",
                                "any",
                                "sh",
                                "-c",
                                "cat; sleep 0.8; echo late; exit 5")
                        .input("hello\n")
                        .ends(5, "hello\nlate\n", "")),
        new Scenario("run -i: it runs before anything is typed", docker -> {
            var talk = docker.start("run", "-i", "--rm", "any", "sh", "-c", "echo ready; read x; echo \"<$x>\"");
            talk.awaitOutput("ready\n").type("go\n").ends(0, "ready\n<go>\n", "");
        }),
        new Scenario("run -i --rm: 5 MiB there and back", docker -> {
            byte[] some = Arrays.copyOf(BULK, 5 << 20);
            assertOutput(
                    docker.start("run", "-i", "--rm", "any", "cat").input(some).end(), some);
        }),
        new Scenario(
                "run -t --rm",
                docker -> docker.run("run", "-t", "--rm", "any", "sh", "-c", "test -t 1 && echo out; exit 2")
                        .ends(2, "out\r\n", "")),
        new Scenario("run --rm leaves nothing, run without does", docker -> {
            docker.run("run", "--rm", "--name", docker.name("gone"), "any", "true")
                    .ends(0, "", "");
            docker.run("run", "--name", docker.name("stays"), "any", "sh", "-c", "exit 8")
                    .ends(8, "", "");
            String all = docker.run("ps", "-a", "--format", "{{.Names}} {{.State}}")
                    .end()
                    .output();
            assertThat(all.lines()).contains(docker.name("stays") + " exited");
            assertThat(all.lines()).doesNotContain(docker.name("gone") + " exited");
            docker.run("rm", docker.name("stays")).ends(0, docker.name("stays") + "\n", "");
        }),
        new Scenario(
                "run: no such program",
                docker -> docker.run("run", "--rm", "any", "nosuchprogram")
                        .ends(
                                127,
                                "",
                                "docker: Error response from daemon: exec: \"nosuchprogram\": executable file not found in $PATH"
                                        + HINT)),
        new Scenario("run -d, inspect, kill, wait, rm", docker -> {
            String name = docker.name("long");
            assertThat(docker.run("run", "-d", "--name", name, "any", "sleep", "60")
                            .end()
                            .output())
                    .hasSize(65);
            docker.run("inspect", "--format", "{{.State.Status}} {{.Config.Cmd}}", name)
                    .ends(0, "running [sleep 60]\n", "");
            var waiting = docker.run("wait", name);
            docker.run("rm", name).ends(1, "", "Error response from daemon: cannot remove container: it is running\n");
            docker.run("kill", "-s", "TERM", name).ends(0, name + "\n", "");
            waiting.ends(0, "143\n", "");
            docker.run("rm", name).ends(0, name + "\n", "");
            docker.run("logs", name).ends(1, "", "Error response from daemon: No such container: " + name + "\n");
        }),
        new Scenario("logs", docker -> {
            String name = docker.name("talker");
            docker.run("run", "--name", name, "any", "sh", "-c", "echo o1; echo e1 >&2; sleep 0.1; echo o2")
                    .ends(0, "o1\no2\n", "e1\n");
            docker.run("logs", name).ends(0, "o1\no2\n", "e1\n");
            docker.run("rm", name).end();
        }),
        new Scenario("logs -f", docker -> {
            String name = docker.name("worker");
            docker.run(
                            "run",
                            "-d",
                            "-i",
                            "--name",
                            name,
                            "any",
                            "sh",
                            "-c",
                            "echo first; read x; echo second; echo third >&2")
                    .end();
            var logs = docker.run("logs", "-f", name).awaitOutput("first\n");
            docker.start("attach", "--sig-proxy=false", name).type("\n").end();
            logs.ends(0, "first\nsecond\n", "third\n");
            docker.run("rm", name).end();
        }),
        new Scenario("logs of a terminal", docker -> {
            String name = docker.name("terminal");
            docker.run("run", "-t", "--name", name, "any", "echo", "raw").ends(0, "raw\r\n", "");
            docker.run("logs", name).ends(0, "raw\r\n", "");
            docker.run("rm", name).end();
        }),
        new Scenario("logs -f: the client leaves, the container stays", docker -> {
            String name = docker.name("left");
            docker.run("run", "-d", "-i", "--name", name, "any", "sh", "-c", "echo first; read x; echo second")
                    .end();
            docker.run("logs", "-f", name).awaitOutput("first\n").kill();
            docker.start("attach", name).type("\n").ends(0, "second\n", "");
            docker.run("logs", name).ends(0, "first\nsecond\n", "");
            docker.run("rm", name).end();
        }),
    };

    private RunScenarios() {}
}
