package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Certificates as {@code docker --tlsverify} wants them, made by openssl: an authority, the engine's, a client's. */
record TestAuthority(Path directory) {
    static TestAuthority in(Path directory) throws Exception {
        var authority = new TestAuthority(directory);
        authority.openssl("ca", "/CN=authority");
        authority.openssl("server", "/CN=engine", "-addext", "subjectAltName=IP:127.0.0.1");
        authority.openssl("client", "/CN=client");
        return authority;
    }

    private void openssl(String name, String subject, String... more) throws Exception {
        boolean itself = name.equals("ca");
        var command = new ArrayList<>(List.of("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"));
        command.addAll(List.of("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", subject));
        command.addAll(List.of("-keyout", name + "-key.pem", "-out", itself ? "ca.pem" : name + "-cert.pem"));
        if (!itself)
            command.addAll(
                    List.of("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-addext", "basicConstraints=critical,CA:false"));
        command.addAll(List.of(more));
        Process openssl = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(openssl.getInputStream().readAllBytes(), UTF_8);
        assertThat(openssl.waitFor()).as(said).isZero();
    }

    /** What docker is told of its engine and of them. */
    List<String> options(int port) {
        return List.of(
                "-H",
                "tcp://127.0.0.1:" + port,
                "--tlsverify",
                "--tlscacert=" + directory.resolve("ca.pem"),
                "--tlscert=" + directory.resolve("client-cert.pem"),
                "--tlskey=" + directory.resolve("client-key.pem"));
    }
}
