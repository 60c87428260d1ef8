package io.penstock.net.internal;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.internal.tcnative.SSL;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsSession;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The contexts that engines are made of, one for each set of equal options: making one takes long, and it has the sessions that can be
 * resumed. So those are only ever resumed under equal options, and by the engine itself only with the same host.
 *
 * <p>The longest unused goes when there are too many. Its monitor is for workers only, never for threads that a loop carries.
 */
final class TlsContexts {
    private static final int MOST = 128;

    private static final Map<Object, SslContext> CONTEXTS = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, SslContext> eldest) {
            if (size() <= MOST) return false;
            ReferenceCountUtil.release(eldest.getValue()); // its engines have a reference of their own
            return true;
        }
    };

    private TlsContexts() {}

    /**
     * An engine for the side that dials.
     *
     * @param name whom it is to reach: a name or an address
     * @throws IllegalArgumentException when the options are not possible
     */
    static SSLEngine client(TlsClient options, String name, int port) {
        SSLEngine engine = engine(options, name, port);
        engine.setUseClientMode(true);
        if (!isAddress(name)) {
            var parameters = engine.getSSLParameters();
            parameters.setServerNames(List.<SNIServerName>of(new SNIHostName(withoutDot(name))));
            engine.setSSLParameters(parameters);
        }
        return engine;
    }

    /** An engine for the side that accepts. */
    static SSLEngine server(TlsServer options) {
        synchronized (CONTEXTS) {
            return context(options).newEngine(ByteBufAllocator.DEFAULT);
        }
    }

    /** Makes the context of a server, to fail early and to answer the first client as fast as the second. */
    static boolean prepare(TlsServer options) {
        synchronized (CONTEXTS) {
            return context(options).isServer();
        }
    }

    private static SSLEngine engine(TlsClient options, String name, int port) {
        synchronized (CONTEXTS) {
            return context(options).newEngine(ByteBufAllocator.DEFAULT, withoutDot(name), port);
        }
    }

    private static SslContext context(Object options) {
        SslContext known = CONTEXTS.get(options);
        if (known != null) return known;
        try {
            SslContext made =
                    options instanceof TlsClient client ? TlsSettings.of(client) : TlsSettings.of((TlsServer) options);
            CONTEXTS.put(options, made);
            return made;
        } catch (SSLException e) {
            throw new IllegalArgumentException("these TLS options are not possible: " + TlsFailures.deepest(e), e);
        }
    }

    private static boolean isAddress(String name) {
        return NetUtil.isValidIpV4Address(name) || NetUtil.isValidIpV6Address(name);
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /** Which engine it is to be. */
    static TlsEngine chosen(TlsEngine wanted) {
        if (wanted == TlsEngine.AUTO) return OpenSsl.isAvailable() ? TlsEngine.BORINGSSL : TlsEngine.JDK;
        if (wanted == TlsEngine.BORINGSSL && !OpenSsl.isAvailable()) {
            throw new IllegalArgumentException(
                    "the TLS engine BORINGSSL needs netty-tcnative-boringssl-static for this platform on the class path: "
                            + OpenSsl.unavailabilityCause(),
                    OpenSsl.unavailabilityCause());
        }
        return wanted;
    }

    /**
     * What an engine has agreed on, after its handshake.
     *
     * @param began when the handshake began, in milliseconds of the system's clock
     */
    static TlsSession session(SSLEngine engine, long began) {
        SSLSession session = engine.getSession();
        String alpn = engine.getApplicationProtocol();
        boolean openSsl = engine instanceof ReferenceCountedOpenSslEngine;
        return new TlsSession(
                openSsl ? TlsEngine.BORINGSSL : TlsEngine.JDK,
                session.getProtocol(),
                session.getCipherSuite(),
                alpn == null || alpn.isEmpty() ? null : alpn,
                peer(session),
                serverName(engine, session),
                // the JDK does not tell; but a session that goes on is older than its handshake
                engine instanceof ReferenceCountedOpenSslEngine native_
                        ? SSL.isSessionReused(native_.sslPointer())
                        : session.getCreationTime() < began);
    }

    private static List<X509Certificate> peer(SSLSession session) {
        try {
            Certificate[] chain = session.getPeerCertificates();
            return Arrays.stream(chain).map(X509Certificate.class::cast).toList();
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    private static @Nullable String serverName(SSLEngine engine, SSLSession session) {
        if (!engine.getUseClientMode()) {
            return session instanceof ExtendedSSLSession extended ? ServerKeys.nameIn(extended) : null;
        }
        List<SNIServerName> names = engine.getSSLParameters().getServerNames();
        return names == null || names.isEmpty() ? null : ((SNIHostName) names.getFirst()).getAsciiName();
    }
}
