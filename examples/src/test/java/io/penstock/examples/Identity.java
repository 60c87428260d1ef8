package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.TlsIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** Keys and certificates of tests, signed by themselves. */
final class Identity {
    private Identity() {}

    static TlsIdentity of(String name, Path directory) throws Exception {
        Path store = directory.resolve("keys");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process made = new ProcessBuilder((keytool + " -genkeypair -alias test -keyalg EC -dname CN=" + name
                                + " -ext san=dns:" + name
                                + " -storetype PKCS12 -storepass secret -keystore " + store)
                        .split(" "))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(made.waitFor()).isZero();
        var keys = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            keys.load(in, "secret".toCharArray());
        }
        return new TlsIdentity((PrivateKey) keys.getKey("test", "secret".toCharArray()), List.of((X509Certificate)
                keys.getCertificate("test")));
    }
}
