package io.penstock.net;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the dialling side of a TLS connection behaves; secure as it comes.
 *
 * <p>Equal options are the same identity to a {@link Pool}, and share the sessions that can be resumed; others do not.
 *
 * @param engine what does the cryptography
 * @param trust whose certificates are believed
 * @param serverName the name that is asked for (SNI) and that the certificate must be for; null for the host of the endpoint
 * @param alpn the application protocols that are offered, most wanted first; empty for no offer
 * @param identity the client certificate; null for none
 * @param protocols such as {@code TLSv1.3}, which may be spoken; empty for 1.3 and 1.2
 * @param ciphers the names of the cipher suites that may be used; empty for the engine's choice
 * @param keyLog a file to which the secrets are appended in the NSS format, for debugging with a packet analyser; null for none
 */
public record TlsClient(
        TlsEngine engine,
        TlsTrust trust,
        @Nullable String serverName,
        List<String> alpn,
        @Nullable TlsIdentity identity,
        List<String> protocols,
        List<String> ciphers,
        @Nullable Path keyLog) {
    /** Verifies the peer against the JDK's authorities, and its name. */
    public static final TlsClient DEFAULT =
            new TlsClient(TlsEngine.AUTO, TlsTrust.SYSTEM, null, List.of(), null, List.of(), List.of(), null);

    public TlsClient {
        alpn = List.copyOf(alpn);
        protocols = List.copyOf(protocols);
        ciphers = List.copyOf(ciphers);
    }

    public TlsClient withEngine(TlsEngine choice) {
        return new TlsClient(choice, trust, serverName, alpn, identity, protocols, ciphers, keyLog);
    }

    public TlsClient withTrust(TlsTrust whom) {
        return new TlsClient(engine, whom, serverName, alpn, identity, protocols, ciphers, keyLog);
    }

    public TlsClient withServerName(String name) {
        return new TlsClient(engine, trust, name, alpn, identity, protocols, ciphers, keyLog);
    }

    public TlsClient withAlpn(List<String> offers) {
        return new TlsClient(engine, trust, serverName, offers, identity, protocols, ciphers, keyLog);
    }

    public TlsClient withIdentity(TlsIdentity certificate) {
        return new TlsClient(engine, trust, serverName, alpn, certificate, protocols, ciphers, keyLog);
    }

    public TlsClient withProtocols(List<String> versions) {
        return new TlsClient(engine, trust, serverName, alpn, identity, versions, ciphers, keyLog);
    }

    public TlsClient withCiphers(List<String> suites) {
        return new TlsClient(engine, trust, serverName, alpn, identity, protocols, suites, keyLog);
    }

    /** Only BoringSSL can do that; with {@link TlsEngine#JDK} the connection is refused. */
    public TlsClient withKeyLog(Path file) {
        return new TlsClient(engine, trust, serverName, alpn, identity, protocols, ciphers, file);
    }
}
