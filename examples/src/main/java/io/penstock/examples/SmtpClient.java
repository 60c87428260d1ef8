package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.TlsClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends a mail, its text from the standard input. The connection begins in clear and is secured in the middle of the stream, by STARTTLS: a
 * server that does not offer it gets nothing. Shows {@code startTls} in the role of the client, and a line protocol as straight-line code.
 *
 * <pre>
 * echo "Hello." | java @examples/java.args examples/src/main/java/io/penstock/examples/SmtpClient.java \
 *     mail.example.com 587 me@example.com you@example.com
 * </pre>
 */
public record SmtpClient(Connector connector, TlsClient tls) {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 4) {
            System.err.println("usage: SmtpClient HOST PORT FROM TO, and the message as its input");
            System.exit(2);
        }
        List<String> text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        try (var loops = Loops.open()) {
            var client = new SmtpClient(Connector.of(loops), TlsClient.DEFAULT);
            client.send(arguments[0], Integer.parseInt(arguments[1]), arguments[2], arguments[3], text);
            System.out.println("sent");
        }
    }

    /** Source: RFC 5321, and RFC 3207 for STARTTLS. */
    public void send(String host, int port, String from, String to, List<String> text) throws IOException {
        try (Connection server = connector.connect(host, port)) {
            expect(220, server);
            List<String> abilities = ask(server, "EHLO localhost", 250);
            if (!abilities.contains("STARTTLS")) throw new IOException(host + " does not offer STARTTLS");
            ask(server, "STARTTLS", 220);
            server.startTls(tls, host); // whatever was slipped in behind the 220 would make this fail
            ask(server, "EHLO localhost", 250); // what was said in clear does not count
            ask(server, "MAIL FROM:<" + from + ">", 250);
            ask(server, "RCPT TO:<" + to + ">", 250);
            ask(server, "DATA", 354);
            for (String line : text) server.send((line.startsWith(".") ? "." : "") + line + "\r\n");
            ask(server, ".", 250);
            ask(server, "QUIT", 221);
        }
    }

    private static List<String> ask(Connection server, String command, int expected) throws IOException {
        server.send(command + "\r\n");
        return expect(expected, server);
    }

    /** The text of a reply, line by line: "250-SIZE 1000", and the last one "250 STARTTLS". */
    private static List<String> expect(int code, Connection server) throws IOException {
        var text = new ArrayList<String>();
        while (true) {
            String line = server.receiveLine();
            if (!line.startsWith(Integer.toString(code))) throw new IOException("the mail server said: " + line);
            if (line.length() > 4) text.add(line.substring(4));
            if (line.length() < 4 || line.charAt(3) != '-') return text;
        }
    }
}
