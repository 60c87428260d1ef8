package io.penstock.net.internal;

import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The identities of a server, one of which an engine asks for in each handshake: the one for the name that the client wants. */
final class ServerKeys extends X509ExtendedKeyManager {
    private static final String ANY = "";

    /** By the name in lower case; the nameless one is for everybody else. */
    private final Map<String, TlsIdentity> identities = new TreeMap<>();

    ServerKeys(TlsServer options) {
        options.names().forEach((name, identity) -> identities.put(name.toLowerCase(Locale.ROOT), identity));
        identities.put(ANY, options.identity());
    }

    /** The key of {@link #identities}: a name itself, else its family, else nobody in particular. */
    private String aliasFor(@Nullable String asked) {
        if (asked == null) return ANY;
        String name = asked.toLowerCase(Locale.ROOT);
        if (identities.containsKey(name)) return name;
        int dot = name.indexOf('.');
        String family = dot < 0 ? name : "*" + name.substring(dot);
        return identities.containsKey(family) ? family : ANY;
    }

    /** The name that the client has asked for, while the handshake is under way. */
    static @Nullable String nameAsked(SSLEngine engine) {
        if (!(engine.getHandshakeSession() instanceof ExtendedSSLSession session)) return null;
        return nameIn(session);
    }

    static @Nullable String nameIn(ExtendedSSLSession session) {
        try {
            return session.getRequestedServerNames().stream()
                    .filter(SNIHostName.class::isInstance)
                    .map(name -> ((SNIHostName) name).getAsciiName())
                    .findFirst()
                    .orElse(null);
        } catch (UnsupportedOperationException e) {
            return null; // of a session that knows none
        }
    }

    /** An engine asks for one kind of key after the other, such as {@code EC} or {@code RSASSA-PSS}, until there is one. */
    @Override
    public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        String alias = aliasFor(nameAsked(engine));
        TlsIdentity identity = identities.get(alias);
        return identity != null && fits(identity.key().getAlgorithm(), keyType) ? alias : null;
    }

    private static boolean fits(String algorithm, String keyType) {
        return keyType.startsWith(algorithm) || (keyType.equals("EdDSA") && algorithm.startsWith("Ed"));
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        TlsIdentity identity = identities.get(alias);
        return identity == null ? null : identity.key();
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        TlsIdentity identity = identities.get(alias);
        return identity == null ? null : identity.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return identities.keySet().toArray(new String[0]);
    }

    // ---- a server with an engine is asked for none of these

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
