package io.penstock.examples.docker;

import static io.penstock.examples.docker.Scenario.BULK;
import static io.penstock.examples.docker.Scenario.assertOutput;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** {@code docker version} and {@code docker exec}. */
final class ExecScenarios {
    private static final String SYSTEM_ERROR = "error from daemon in stream: ";

    static final Scenario[] ALL = {
        new Scenario(
                "version",
                docker -> docker.run("version", "--format", "{{.Server.APIVersion}}")
                        .ends(0, "1.50\n", "")),
        new Scenario(
                "exec",
                docker -> docker.run("exec", docker.box(), "echo", "hello").ends(0, "hello\n", "")),
        new Scenario(
                "exec without a word",
                docker -> docker.run("exec", docker.box(), "true").ends(0, "", "")),
        new Scenario(
                "exec: exit status",
                docker -> docker.run("exec", docker.box(), "sh", "-c", "exit 3").ends(3, "", "")),
        new Scenario(
                "exec: killed by a signal",
                docker -> docker.run("exec", docker.box(), "sh", "-c", "echo on; kill -9 $$")
                        .ends(137, "on\n", "")),
        new Scenario(
                "exec: output and error apart",
                docker -> docker.run(
                                "exec", docker.box(), "sh", "-c", "echo o1; echo e1 >&2; echo o2; echo e2 >&2; exit 4")
                        .ends(4, "o1\no2\n", "e1\ne2\n")),
        new Scenario(
                "exec: no input",
                docker -> docker.run("exec", docker.box(), "sh", "-c", "cat; echo end")
                        .ends(0, "end\n", "")),
        new Scenario(
                "exec: output long after the client's end",
                docker -> docker.run("exec", docker.box(), "sh", "-c", "sleep 0.8; echo late")
                        .ends(0, "late\n", "")),
        new Scenario(
                "exec: environment and directory",
                docker -> docker.run(
                                "exec",
                                "-e",
                                "WHO=you & me",
                                "-w",
                                "/usr",
                                docker.box(),
                                "sh",
                                "-c",
                                "echo \"$WHO\"; pwd")
                        .ends(0, "you & me\n/usr\n", "")),
        new Scenario(
                "exec: odd words",
                docker -> docker.run(
                                "exec", docker.box(), "printf", "%s|", "a b", "", "\"q\"", "\\", "ü€𝄞", "<&>", "\t")
                        .ends(0, bytes("a b||\"q\"|\\|ü€𝄞|<&>|\t|"), "")),
        new Scenario("exec: 20 MiB of output", docker -> {
            Path file = Files.write(docker.home().resolve(docker.name("bulk")), BULK);
            assertOutput(
                    docker.run("exec", docker.box(), "cat", file.toString()).end(), BULK);
        }),
        new Scenario("exec: many small pieces of both", docker -> {
            String loop = "i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
            docker.run("exec", docker.box(), "sh", "-c", loop).ends(0, counted("o", 500), counted("e", 500));
        }),
        new Scenario(
                "exec -i",
                docker -> docker.start("exec", "-i", docker.box(), "cat")
                        .input("hello\n")
                        .ends(0, "hello\n", "")),
        new Scenario(
                "exec -i: empty input",
                docker -> docker.start("exec", "-i", docker.box(), "cat")
                        .input("")
                        .ends(0, "", "")),
        new Scenario("exec -i: a conversation", docker -> {
            var talk = docker.start("exec", "-i", docker.box(), "sh", "-c", "while read x; do echo \"<$x>\"; done");
            talk.type("one\n")
                    .awaitOutput("<one>\n")
                    .type("two\n")
                    .awaitOutput("<two>\n")
                    .endInput();
            talk.ends(0, "<one>\n<two>\n", "");
        }),
        new Scenario(
                "exec -i: output long after the end of the input",
                docker -> docker.start("exec", "-i", docker.box(), "sh", "-c", "cat; sleep 0.8; echo late")
                        .input("early\n")
                        .ends(0, "early\nlate\n", "")),
        new Scenario(
                "exec -i: the end of the output is the end",
                docker ->
                        docker.start("exec", "-i", docker.box(), "echo", "bye").ends(0, "bye\n", "")),
        new Scenario(
                "exec -i: 20 MiB of input",
                docker -> docker.start("exec", "-i", docker.box(), "sha256sum")
                        .input(BULK)
                        .ends(0, sha256(BULK) + "  -\n", "")),
        new Scenario("exec -i: 5 MiB there and back", docker -> {
            byte[] some = Arrays.copyOf(BULK, 5 << 20);
            assertOutput(
                    docker.start("exec", "-i", docker.box(), "cat").input(some).end(), some);
        }),
        new Scenario("exec -i: process ignores 5 MiB of input and writes 3 MiB", docker -> {
            byte[] some = Arrays.copyOf(BULK, 3 << 20);
            Path file = Files.write(docker.home().resolve(docker.name("some")), some);
            assertOutput(
                    docker.start("exec", "-i", docker.box(), "cat", file.toString())
                            .input(Arrays.copyOf(BULK, 5 << 20))
                            .end(),
                    some);
        }),
        new Scenario(
                "exec -i: process reads a little of 20 MiB",
                docker -> docker.start("exec", "-i", docker.box(), "sh", "-c", "head -c 10 | wc -c; exit 9")
                        .input(BULK)
                        .ends(9, "10\n", "")),
        new Scenario("exec -d", docker -> {
            Path file = docker.home().resolve(docker.name("detached"));
            docker.run("exec", "-d", docker.box(), "sh", "-c", "echo on > " + file)
                    .ends(0, "", "");
            await().until(() -> Files.exists(file) && Files.readString(file).equals("on\n"));
        }),
        new Scenario(
                "exec -t",
                docker -> docker.run(
                                "exec", "-t", docker.box(), "sh", "-c", "test -t 1 && echo out; echo err >&2; exit 6")
                        .ends(6, "out\r\nerr\r\n", "")),
        new Scenario("exec -it on a terminal", docker -> {
            var shell = docker.startOnTerminal("exec", "-it", docker.box(), "sh", "-c", "PS1='> ' exec sh");
            shell.awaitOutput("> ")
                    .type("echo $((40+2))\r")
                    .awaitOutput("42\r\n> ")
                    .type("exit 7\r");
            shell.ends(7, "> echo $((40+2))\r\n42\r\n> exit 7\r\n", "");
        }),
        new Scenario("exec -it: detach keys", docker -> {
            var shell = docker.startOnTerminal("exec", "-it", docker.box(), "sh", "-c", "PS1='> ' exec sh");
            var outcome =
                    shell.awaitOutput("> ").type("\u0010\u0011").type("\u0004").end();
            assertThat(outcome.output()).startsWith("> ");
        }),
        new Scenario(
                "exec: the engine's error is one",
                docker -> docker.run("exec", docker.box(), "nosuchprogram")
                        .ends(1, "", SYSTEM_ERROR + "exec: \"nosuchprogram\": executable file not found in $PATH\n")),
        new Scenario(
                "exec: no such container",
                docker -> docker.run("exec", "nobody", "true")
                        .ends(1, "", "Error response from daemon: No such container: nobody\n")),
    };

    private static String counted(String prefix, int count) {
        var lines = new StringBuilder();
        for (int i = 0; i < count; i++) lines.append(prefix).append(i).append('\n');
        return lines.toString();
    }

    private static String bytes(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private ExecScenarios() {}
}
