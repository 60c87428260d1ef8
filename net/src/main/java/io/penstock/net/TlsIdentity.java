package io.penstock.net;

import io.penstock.net.internal.KeyPairs;
import io.penstock.net.internal.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who one side of a TLS connection claims to be, and can prove it.
 *
 * @param key the private key of the first certificate, which is checked; never in the text of this object
 * @param chain the certificate, then those that vouch for it; one or more
 */
public record TlsIdentity(PrivateKey key, List<X509Certificate> chain) {
    public TlsIdentity {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) throw new IllegalArgumentException("an identity has at least one certificate");
        if (!KeyPairs.belongTogether(key, chain.getFirst().getPublicKey())) {
            throw new IllegalArgumentException("the private key is not that of the first certificate, "
                    + chain.getFirst().getSubjectX500Principal());
        }
    }

    /**
     * Reads an identity from two files in the PEM format: the certificates, the server's own first, and an unencrypted PKCS#8 key.
     *
     * @throws IOException when one cannot be read
     * @throws IllegalArgumentException when one has not the right content; the text names the file and says what it should be
     */
    public static TlsIdentity fromPem(Path chain, Path key) throws IOException {
        return new TlsIdentity(Pem.privateKey(key), Pem.certificates(chain));
    }

    @Override
    public String toString() {
        return chain.getFirst().getSubjectX500Principal().getName();
    }
}
