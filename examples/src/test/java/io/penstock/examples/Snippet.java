package io.penstock.examples;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Java code from a page, made a compilation unit: a class and a program are one already, and are given the imports they do not
 * have; statements are put into a method, with the objects that the text speaks of around them.
 */
final class Snippet extends SimpleJavaFileObject {
    /** What {@code docs/write-a-plugin.md} tells its reader to copy. */
    static final String IMPORTS = """
            import io.penstock.http.*;
            import io.penstock.http.websocket.*;
            import io.penstock.net.*;
            import io.penstock.net.client.*;
            import io.penstock.net.event.*;
            import io.penstock.proxy.*;
            import io.penstock.proxy.Proxy;
            import java.io.IOException;
            import java.net.InetSocketAddress;
            import java.net.SocketAddress;
            import java.net.StandardSocketOptions;
            import java.net.UnixDomainSocketAddress;
            import java.nio.ByteBuffer;
            import java.nio.channels.FileChannel;
            import java.nio.file.*;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;
            """;

    private static final String AROUND = """
            class Snippet {
                Loops loops;
                Loop loop;
                Connector connector;
                Pool pool;
                Connection connection, client, origin;
                SocketAddress address;
                Exchange exchange;
                PluginContext penstock;
                Proxy proxy;
                Transaction transaction;
                WebSocket socket;
                ClientHandler handler;

                void log(Object line) {}

                void code() throws Exception {
            %s
                }
            }
            """;

    private final String code;

    private Snippet(String code) {
        super(URI.create("snippet:/Snippet.java"), Kind.SOURCE);
        this.code = code;
    }

    static Snippet of(String code) {
        if (code.equals(IMPORTS) || code.contains("void main(")) return new Snippet(code);
        if (code.contains("class ")) {
            return new Snippet(
                    code.startsWith("import ") ? code : IMPORTS + code.replace("public final class", "class"));
        }
        return new Snippet(IMPORTS + AROUND.formatted(code));
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return code;
    }

    @Override
    public boolean isNameCompatible(String simpleName, JavaFileObject.Kind kind) {
        return true;
    }

    /** What the compiler says; empty when nothing is wrong. Classes go to the directory. */
    String compile(Path directory) {
        var messages = new StringWriter();
        boolean compiled = ToolProvider.getSystemJavaCompiler()
                .getTask(
                        messages,
                        null,
                        null,
                        List.of("-d", directory.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none"),
                        null,
                        List.of(this))
                .call();
        return compiled ? "" : messages.toString();
    }
}
