package io.penstock.net;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who one side of a TLS connection claims to be, and can prove it.
 *
 * @param key the private key of the first certificate; never in the text of this object
 * @param chain the certificate, then those that vouch for it; one or more
 */
public record TlsIdentity(PrivateKey key, List<X509Certificate> chain) {
    public TlsIdentity {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) throw new IllegalArgumentException("an identity has at least one certificate");
    }

    @Override
    public String toString() {
        return chain.getFirst().getSubjectX500Principal().getName();
    }
}
