package io.penstock.net;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a secured connection have agreed on.
 *
 * @param engine what does the cryptography: {@code BORINGSSL} or {@code JDK}
 * @param protocol such as {@code TLSv1.3}
 * @param cipher the name of the cipher suite
 * @param alpn the application protocol; null where none was agreed on
 * @param peer the certificate of the peer, then those that vouch for it; empty where it has shown none
 * @param serverName the name that the client has asked for (SNI); null for none
 * @param resumed whether it goes on with an earlier session, which saves the exchange of certificates
 */
public record TlsSession(
        TlsEngine engine,
        String protocol,
        String cipher,
        @Nullable String alpn,
        List<X509Certificate> peer,
        @Nullable String serverName,
        boolean resumed) {
    public TlsSession {
        peer = List.copyOf(peer);
    }

    /** Of certificates it says whose they are. */
    @Override
    public String toString() {
        return protocol + " " + cipher + " by " + engine
                + (alpn == null ? "" : ", " + alpn)
                + (serverName == null ? "" : ", for " + serverName)
                + (peer.isEmpty() ? "" : ", with " + peer.getFirst().getSubjectX500Principal())
                + (resumed ? ", resumed" : "");
    }
}
