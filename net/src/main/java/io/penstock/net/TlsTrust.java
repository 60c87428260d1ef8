package io.penstock.net;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.List;

/** Which certificates of a peer are believed. */
public sealed interface TlsTrust {
    /** The certificate authorities that come with the JDK. */
    TlsTrust SYSTEM = new System();

    /** Anybody: no verification at all, not even of the host's name. For tests. */
    TlsTrust NOBODY_CHECKS = new Anybody();

    /** See {@link #SYSTEM}. */
    record System() implements TlsTrust {}

    /** See {@link #NOBODY_CHECKS}. */
    record Anybody() implements TlsTrust {}

    /**
     * These authorities and no others.
     *
     * @param authorities one or more
     * @param revoked lists of certificates that are not to be believed any more; without one, revocation is not checked
     */
    record Authorities(List<X509Certificate> authorities, List<X509CRL> revoked) implements TlsTrust {
        public Authorities {
            authorities = List.copyOf(authorities);
            revoked = List.copyOf(revoked);
            if (authorities.isEmpty()) throw new IllegalArgumentException("there must be an authority to trust");
        }
    }
}
