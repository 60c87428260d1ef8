package io.penstock.net;

import io.penstock.net.internal.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;

/** Which certificates of a peer are believed. */
public sealed interface TlsTrust {
    /** The certificate authorities that come with the JDK. */
    TlsTrust SYSTEM = new System();

    /** Anybody: no verification at all, not even of the host's name. For tests. */
    TlsTrust NOBODY_CHECKS = new Anybody();

    /**
     * The authorities in a file of certificates in the PEM format.
     *
     * @throws IOException when it cannot be read
     * @throws IllegalArgumentException when there is no certificate in it
     */
    static TlsTrust fromPem(Path authorities) throws IOException {
        return new Authorities(Pem.certificates(authorities), List.of());
    }

    /**
     * The authorities in one file, and in another the lists of what they have revoked, both in the PEM format.
     *
     * @see Authorities#revoked
     */
    static TlsTrust fromPem(Path authorities, Path revoked) throws IOException {
        return new Authorities(Pem.certificates(authorities), Pem.revocations(revoked));
    }

    /** See {@link #SYSTEM}. */
    record System() implements TlsTrust {}

    /** See {@link #NOBODY_CHECKS}. */
    record Anybody() implements TlsTrust {}

    /**
     * These authorities and no others.
     *
     * @param authorities one or more
     * @param revoked lists of certificates that are not to be believed any more. Without one, revocation is not checked; with one, each
     *     authority in a peer's chain needs its list here
     */
    record Authorities(List<X509Certificate> authorities, List<X509CRL> revoked) implements TlsTrust {
        public Authorities {
            authorities = List.copyOf(authorities);
            revoked = List.copyOf(revoked);
            if (authorities.isEmpty()) throw new IllegalArgumentException("there must be an authority to trust");
        }
    }
}
