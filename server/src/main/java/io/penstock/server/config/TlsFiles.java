package io.penstock.server.config;

import io.penstock.net.TlsClient;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsServer.Clients;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the files that {@code tls} sections name, and makes options of them. */
public final class TlsFiles {
    /** The proxy speaks nothing else, so that nobody should hope for HTTP/2. */
    private static final List<String> ALPN = List.of("http/1.1");

    private TlsFiles() {}

    /**
     * A listener's.
     *
     * @throws IOException when a file cannot be read
     * @throws IllegalArgumentException when one has not the right content; the text names it
     */
    public static TlsServer of(Config.ListenerTls tls) throws IOException {
        Map<String, TlsIdentity> names = new HashMap<>();
        for (Map.Entry<String, Config.Identity> each : tls.names().entrySet()) {
            Config.Identity identity = each.getValue();
            names.put(each.getKey(), TlsIdentity.fromPem(identity.certificate(), identity.key()));
        }
        return TlsServer.of(TlsIdentity.fromPem(tls.certificate(), tls.key()))
                .withNames(names)
                .withAlpn(ALPN)
                .withClients(
                        switch (tls.clientCertificates()) {
                            case NONE -> Clients.ANONYMOUS;
                            case OPTIONAL -> Clients.WANTED;
                            case REQUIRED -> Clients.NEEDED;
                        },
                        trust(tls.trust(), tls.revoked()))
                .withProtocols(tls.protocols())
                .withEngine(tls.engine());
    }

    /** An upstream's; throws as {@link #of(Config.ListenerTls)} does. */
    public static TlsClient of(Config.UpstreamTls tls) throws IOException {
        TlsClient options = TlsClient.DEFAULT
                .withTrust(tls.verify() ? trust(tls.trust(), tls.revoked()) : TlsTrust.NOBODY_CHECKS)
                .withAlpn(ALPN)
                .withProtocols(tls.protocols())
                .withEngine(tls.engine());
        if (tls.serverName().isPresent()) {
            options = options.withServerName(tls.serverName().get());
        }
        if (tls.certificate().isPresent() && tls.key().isPresent()) {
            options = options.withIdentity(
                    TlsIdentity.fromPem(tls.certificate().get(), tls.key().get()));
        }
        return options;
    }

    private static TlsTrust trust(Optional<Path> authorities, Optional<Path> revoked) throws IOException {
        if (authorities.isEmpty()) {
            return TlsTrust.SYSTEM;
        }
        return revoked.isEmpty()
                ? TlsTrust.fromPem(authorities.get())
                : TlsTrust.fromPem(authorities.get(), revoked.get());
    }
}
