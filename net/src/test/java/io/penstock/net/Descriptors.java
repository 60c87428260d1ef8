package io.penstock.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** The open files and sockets of this process. */
public final class Descriptors {
    private Descriptors() {}

    public static long open() {
        return all().size();
    }

    /** Their numbers. */
    static Set<String> all() {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.map(each -> each.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
