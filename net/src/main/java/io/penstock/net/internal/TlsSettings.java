package io.penstock.net.internal;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SimpleKeyManagerFactory;
import io.netty.internal.tcnative.SSLContext;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Options as Netty has them, for both engines. */
final class TlsSettings {
    private static final Logger LOG = LoggerFactory.getLogger(TlsClient.class);
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    private TlsSettings() {}

    static SslContext of(TlsClient options) throws SSLException {
        boolean anybody = options.trust() instanceof TlsTrust.Anybody;
        TlsEngine engine = engine(options);
        var builder = SslContextBuilder.forClient()
                .trustManager(trust(options.trust()))
                .endpointIdentificationAlgorithm(anybody ? null : "HTTPS");
        TlsIdentity identity = options.identity();
        if (identity != null) builder.keyManager(identity.key(), identity.chain());
        SslContext context = common(builder, engine, options.protocols(), options.ciphers(), options.alpn())
                .build();
        if (options.keyLog() != null) logKeys((ReferenceCountedOpenSslContext) context, options.keyLog());
        return context;
    }

    private static TlsEngine engine(TlsClient options) {
        TlsEngine engine = TlsContexts.chosen(options.engine());
        if (options.keyLog() != null && engine == TlsEngine.JDK) {
            throw new IllegalArgumentException("the JDK's TLS engine does not tell its secrets: for the key log "
                    + options.keyLog() + " choose BORINGSSL, with netty-tcnative-boringssl-static on the class path");
        }
        return engine;
    }

    static SslContext of(TlsServer options) throws SSLException {
        TlsEngine engine = TlsContexts.chosen(options.engine());
        var keys = new ServerKeys(options);
        var builder = engine == TlsEngine.JDK
                ? SslContextBuilder.forServer(keys)
                : SslContextBuilder.forServer(new OpenSslCachingX509KeyManagerFactory(new Keys(keys)));
        builder.clientAuth(
                switch (options.clients()) {
                    case ANONYMOUS -> ClientAuth.NONE;
                    case WANTED -> ClientAuth.OPTIONAL;
                    case NEEDED -> ClientAuth.REQUIRE;
                });
        if (options.clients() != TlsServer.Clients.ANONYMOUS) builder.trustManager(trust(options.trust()));
        SslContext context = common(builder, engine, options.protocols(), options.ciphers(), options.alpn())
                .build();
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) sessions.setTicketKeys(ticketKey());
        return context;
    }

    private static SslContextBuilder common(
            SslContextBuilder builder,
            TlsEngine engine,
            List<String> protocols,
            List<String> ciphers,
            List<String> alpn) {
        builder.sslProvider(engine == TlsEngine.JDK ? SslProvider.JDK : SslProvider.OPENSSL_REFCNT)
                .protocols(protocols.isEmpty() ? PROTOCOLS : protocols);
        if (!ciphers.isEmpty()) builder.ciphers(ciphers);
        if (!alpn.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn));
        }
        return builder;
    }

    private static TrustManagerFactory trust(TlsTrust trust) {
        try {
            return switch (trust) {
                case TlsTrust.Anybody _ -> InsecureTrustManagerFactory.INSTANCE;
                case TlsTrust.System _ -> {
                    var factory = TrustManagerFactory.getInstance("PKIX");
                    factory.init((KeyStore) null);
                    yield factory;
                }
                case TlsTrust.Authorities some -> {
                    var factory = TrustManagerFactory.getInstance("PKIX");
                    KeyStore authorities = store(some.authorities());
                    if (some.revoked().isEmpty()) {
                        factory.init(authorities);
                    } else {
                        factory.init(checked(authorities, some.revoked()));
                    }
                    yield factory;
                }
            };
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("this trust is not possible: " + e.getMessage(), e);
        }
    }

    private static KeyStore store(List<X509Certificate> authorities) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (X509Certificate authority : authorities) store.setCertificateEntry("ca-" + store.size(), authority);
        return store;
    }

    /** Revocation by these lists, and by nothing that would have to be fetched. */
    private static ManagerFactoryParameters checked(KeyStore authorities, List<X509CRL> lists)
            throws GeneralSecurityException {
        var parameters = new PKIXBuilderParameters(authorities, new X509CertSelector());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        parameters.setRevocationEnabled(true);
        return new CertPathTrustManagerParameters(parameters);
    }

    /** BoringSSL resumes sessions of TLS 1.3 by tickets only, and Netty gives it no key for them by itself. */
    private static OpenSslSessionTicketKey ticketKey() {
        var random = new SecureRandom();
        var name = new byte[OpenSslSessionTicketKey.NAME_SIZE];
        var mac = new byte[OpenSslSessionTicketKey.HMAC_KEY_SIZE];
        var secret = new byte[OpenSslSessionTicketKey.AES_KEY_SIZE];
        random.nextBytes(name);
        random.nextBytes(mac);
        random.nextBytes(secret);
        return new OpenSslSessionTicketKey(name, mac, secret);
    }

    private static void logKeys(ReferenceCountedOpenSslContext context, Path file) {
        long pointer = pointer(context);
        LOG.warn("The secrets of TLS connections are written to {}: whoever has it can read them", file);
        SSLContext.setKeyLogCallback(pointer, (_, line) -> {
            try {
                var text = new byte[line.length + 1];
                System.arraycopy(line, 0, text, 0, line.length);
                text[line.length] = '\n';
                Files.write(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                LOG.warn("The secrets of a TLS connection could not be written to {}", file, e);
            }
        });
    }

    /** What tcnative knows the context by. Netty gives out another pointer, that of BoringSSL itself, with which this would crash. */
    private static long pointer(ReferenceCountedOpenSslContext context) {
        try {
            var field = ReferenceCountedOpenSslContext.class.getDeclaredField("ctx");
            field.setAccessible(true);
            return field.getLong(context);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "for a key log on the module path, Netty must be open: --add-opens"
                            + " io.netty.handler/io.netty.handler.ssl=io.penstock.net",
                    e);
        }
    }

    /** The keys of a server, in the form in which Netty keeps them ready for BoringSSL. */
    private static final class Keys extends SimpleKeyManagerFactory {
        private final KeyManager keys;

        Keys(KeyManager keys) {
            this.keys = keys;
        }

        @Override
        protected void engineInit(KeyStore store, char[] password) {}

        @Override
        protected void engineInit(ManagerFactoryParameters parameters) {}

        @Override
        protected KeyManager[] engineGetKeyManagers() {
            return new KeyManager[] {keys};
        }
    }
}
