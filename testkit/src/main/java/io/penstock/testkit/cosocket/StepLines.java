package io.penstock.testkit.cosocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** A script's steps as lines, the way {@code steps.lua} reads them: the id, the verb and its arguments, texts in hexadecimal. */
final class StepLines {
    private final Scene scene;
    private final StringBuilder lines = new StringBuilder();

    private StepLines(Scene scene) {
        this.scene = scene;
    }

    static String of(Scene scene) {
        var text = new StepLines(scene);
        text.add(scene.script().steps(), "");
        return text.lines.toString();
    }

    /** The id of the step at an index of a list. */
    static String id(String prefix, int index) {
        return "%s%02d".formatted(prefix, index + 1);
    }

    private void add(List<Step> steps, String prefix) {
        for (int i = 0; i < steps.size(); i++) {
            String id = id(prefix, i);
            lines.append(id).append(' ').append(line(steps.get(i))).append('\n');
            if (steps.get(i) instanceof Step.Spawn spawn) add(spawn.steps(), id + ".");
        }
        lines.append("end\n");
    }

    private String line(Step step) {
        return switch (step) {
            case Step.Connect c -> {
                String pool = c.pool() == null ? "-" : hex(c.pool() + scene.id());
                String backlog = c.backlog() < 0 ? "-" : String.valueOf(c.backlog());
                yield "connect " + place(c.target()) + " " + pool + " " + given(c.size()) + " " + backlog;
            }
            case Step.Connected c -> "connected " + place(c.target());
            case Step.Limits l -> "limits " + l.connect() + " " + l.send() + " " + l.read();
            case Step.Send s ->
                "send " + s.parts().stream().map(part -> "x" + hex(part)).collect(Collectors.joining(" "));
            case Step.Flood f -> "flood " + f.size();
            case Step.Receive r -> "receive " + r.size();
            case Step.Any a -> "any " + a.max();
            case Step.Gather g -> "gather " + g.size();
            case Step.Until u -> "until " + u.iterator() + " x" + hex(u.pattern()) + (u.inclusive() ? " 1" : " 0");
            case Step.Next n -> "next " + n.iterator() + " " + given(n.size());
            case Step.Keep k -> "keep " + k.idle() + " " + given(k.size());
            case Step.Request r -> "request " + (r.part() == Step.Part.BODY ? "0" : "1");
            case Step.Print p -> "print x" + hex(p.text());
            case Step.Use u -> "use " + u.socket();
            case Step.Spawn s -> "spawn " + s.thread();
            case Step.Join j -> "join " + j.thread();
            case Step.Kill k -> "kill " + k.thread();
            case Step.Tell t -> "tell " + t.label();
            case Step.Await a -> "await " + a.label();
            case Step.Pause p -> "pause " + p.millis();
            case Step.Within within -> throw new AssertionError("not a plain step: " + within);
            case Step.Plain plain -> plain.name().toLowerCase(java.util.Locale.ROOT);
        };
    }

    private static String given(int number) {
        return number == 0 ? "-" : String.valueOf(number);
    }

    private String place(Step.Target target) {
        SocketAddress address;
        try {
            address = scene.places().address(target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return switch (address) {
            case InetSocketAddress tcp -> hex(tcp.getHostString()) + " " + tcp.getPort();
            case UnixDomainSocketAddress unix -> hex("unix:" + unix.getPath()) + " -";
            default -> throw new AssertionError("neither TCP nor UNIX: " + address);
        };
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
