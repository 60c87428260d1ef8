package io.penstock.net;

import java.util.List;
import java.util.Map;

/**
 * How the accepting side of a TLS connection behaves.
 *
 * <p>{@snippet :
 * TlsIdentity identity = TlsIdentity.fromPem(Path.of("chain.pem"), Path.of("key.pem"));
 * TlsServer tls = TlsServer.of(identity).withAlpn(List.of("http/1.1"));
 * }
 *
 * @param engine what does the cryptography
 * @param identity who the server is to clients that ask for no name, or for none of {@code names}
 * @param names who it is to clients that ask for a name (SNI): {@code www.example.com}, or {@code *.example.com} for any one label
 * @param alpn the application protocols it speaks, most wanted first; empty for no answer to offers
 * @param clients whether clients must show a certificate
 * @param trust whose client certificates are believed; without meaning where none is asked for
 * @param protocols such as {@code TLSv1.3}, which may be spoken; empty for 1.3 and 1.2
 * @param ciphers the names of the cipher suites that may be used; empty for the engine's choice
 */
public record TlsServer(
        TlsEngine engine,
        TlsIdentity identity,
        Map<String, TlsIdentity> names,
        List<String> alpn,
        Clients clients,
        TlsTrust trust,
        List<String> protocols,
        List<String> ciphers) {
    /** Whether clients show a certificate. */
    public enum Clients {
        /** They are not asked for one. */
        ANONYMOUS,
        /** They are asked, and may have none; one that is not trusted is refused. */
        WANTED,
        /** Those without a trusted one are refused. */
        NEEDED
    }

    public TlsServer {
        names = Map.copyOf(names);
        alpn = List.copyOf(alpn);
        protocols = List.copyOf(protocols);
        ciphers = List.copyOf(ciphers);
    }

    /** A server with one certificate, for any client. */
    public static TlsServer of(TlsIdentity identity) {
        return new TlsServer(
                TlsEngine.AUTO,
                identity,
                Map.of(),
                List.of(),
                Clients.ANONYMOUS,
                TlsTrust.SYSTEM,
                List.of(),
                List.of());
    }

    public TlsServer withEngine(TlsEngine choice) {
        return new TlsServer(choice, identity, names, alpn, clients, trust, protocols, ciphers);
    }

    public TlsServer withNames(Map<String, TlsIdentity> others) {
        return new TlsServer(engine, identity, others, alpn, clients, trust, protocols, ciphers);
    }

    public TlsServer withAlpn(List<String> spoken) {
        return new TlsServer(engine, identity, names, spoken, clients, trust, protocols, ciphers);
    }

    public TlsServer withClients(Clients certificates, TlsTrust whom) {
        return new TlsServer(engine, identity, names, alpn, certificates, whom, protocols, ciphers);
    }

    public TlsServer withProtocols(List<String> versions) {
        return new TlsServer(engine, identity, names, alpn, clients, trust, versions, ciphers);
    }

    public TlsServer withCiphers(List<String> suites) {
        return new TlsServer(engine, identity, names, alpn, clients, trust, protocols, suites);
    }
}
