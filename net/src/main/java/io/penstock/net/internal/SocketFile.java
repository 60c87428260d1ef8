package io.penstock.net.internal;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The file that binding a UNIX socket makes: it is removed by whoever made it, and nothing else ever is, but the file of a dead process. */
record SocketFile(Path path, @Nullable Object key) {
    /** An attempt to bind. */
    interface Binding {
        void bind() throws IOException;
    }

    /** Whether nobody receives there any more. */
    interface Probe {
        boolean isAbandoned(SocketAddress address) throws IOException;
    }

    static boolean isFile(UnixDomainSocketAddress address) {
        return !address.getPath().toString().isEmpty();
    }

    static SocketFile bind(UnixDomainSocketAddress address, Binding binding, Probe probe) throws IOException {
        try {
            binding.bind();
        } catch (Errno e) {
            if (e.number() != Errno.EADDRINUSE || !isSocket(address.getPath()) || !probe.isAbandoned(address)) throw e;
            Files.deleteIfExists(address.getPath());
            binding.bind();
        }
        return new SocketFile(address.getPath(), attributes(address.getPath()).fileKey());
    }

    private static boolean isSocket(Path path) throws IOException {
        return attributes(path).isOther();
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** Unless somebody else has put another file there. */
    void remove() {
        try {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                    && Objects.equals(attributes(path).fileKey(), key)) Files.deleteIfExists(path);
        } catch (IOException e) {
            LoggerFactory.getLogger(SocketFile.class).warn("The socket file {} could not be removed", path, e);
        }
    }
}
