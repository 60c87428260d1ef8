package io.penstock.http;

import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsTrust;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A server called localhost, made anew for each run, and who trusts it. */
public record TestIdentity(TlsIdentity identity, X509Certificate certificate) {
    private static final String PASSWORD = "changeit";

    public static final TestIdentity LOCALHOST = make();

    private static TestIdentity make() {
        try {
            Path directory = Files.createTempDirectory("identity");
            Path file = directory.resolve("store.p12");
            int code = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "server",
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=localhost",
                            "-ext",
                            "san=dns:localhost",
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            PASSWORD)
                    .inheritIO()
                    .start()
                    .waitFor();
            if (code != 0) throw new IllegalStateException("keytool has failed with " + code);
            var store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
            Files.delete(file);
            Files.delete(directory);
            var certificate = (X509Certificate) store.getCertificate("server");
            var key = (PrivateKey) store.getKey("server", PASSWORD.toCharArray());
            return new TestIdentity(new TlsIdentity(key, List.of(certificate)), certificate);
        } catch (Exception e) {
            throw new IllegalStateException("no certificate for the tests", e);
        }
    }

    public TlsTrust trust() {
        return new TlsTrust.Authorities(List.of(certificate), List.of());
    }

    /** The same for sockets of the JDK's: who trusts it, and the server itself. */
    public SSLContext context() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("authority", certificate);
        store.setKeyEntry(
                "server", identity.key(), new char[0], identity.chain().toArray(new Certificate[0]));
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
