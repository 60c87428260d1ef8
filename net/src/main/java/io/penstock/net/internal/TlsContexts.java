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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The contexts that engines are made of, one for each set of options that are equal but for the server's name: making one takes long, and it
 * has the sessions that can be resumed. So those are only ever resumed under equal options, and by the engine itself only with the same name.
 *
 * <p>The longest unused goes when there are too many. Its monitor is for workers only, never for threads that a loop carries; nothing is made
 * while it is held.
 */
public final class TlsContexts {
    private static final int MOST = 128;

    private static final Map<Object, CompletableFuture<SslContext>> CONTEXTS = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, CompletableFuture<SslContext>> eldest) {
            if (size() <= MOST) return false;
            eldest.getValue().thenAccept(ReferenceCountUtil::release); // its engines have a reference of their own
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
        SSLEngine engine =
                with(unnamed(options), context -> context.newEngine(ByteBufAllocator.DEFAULT, withoutDot(name), port));
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
        return with(options, context -> context.newEngine(ByteBufAllocator.DEFAULT));
    }

    /** Makes the context of a server, to fail early and to answer the first client as fast as the second. */
    static boolean prepare(TlsServer options) {
        return with(options, SslContext::isServer);
    }

    /** As {@link #prepare(TlsServer)}, for the side that dials. Not on a thread that a loop carries. */
    public static void prepare(TlsClient options) {
        var _ = with(unnamed(options), SslContext::isClient);
    }

    /** How many there are. */
    static int count() {
        synchronized (CONTEXTS) {
            return CONTEXTS.size();
        }
    }

    /** The name belongs to the engine: one context serves all names. */
    private static TlsClient unnamed(TlsClient named) {
        return new TlsClient(
                named.engine(),
                named.trust(),
                null,
                named.alpn(),
                named.identity(),
                named.protocols(),
                named.ciphers(),
                named.keyLog());
    }

    /** Uses the context of these options, which stays as long as that takes. */
    private static <T> T with(Object options, Function<SslContext, T> use) {
        SslContext context = borrow(options);
        try {
            return use.apply(context);
        } finally {
            ReferenceCountUtil.release(context);
        }
    }

    private static SslContext borrow(Object options) {
        while (true) {
            var own = new CompletableFuture<SslContext>();
            CompletableFuture<SslContext> shared;
            synchronized (CONTEXTS) {
                shared = CONTEXTS.get(options);
                if (shared == null) CONTEXTS.put(options, own);
            }
            if (shared == null) {
                make(options, own);
                shared = own;
            }
            SslContext context = made(shared);
            synchronized (CONTEXTS) {
                // or else it has gone meanwhile
                if (CONTEXTS.get(options) == shared) return ReferenceCountUtil.retain(context);
            }
        }
    }

    private static void make(Object options, CompletableFuture<SslContext> context) {
        try {
            context.complete(
                    options instanceof TlsClient client ? TlsSettings.of(client) : TlsSettings.of((TlsServer) options));
        } catch (Throwable e) {
            synchronized (CONTEXTS) {
                CONTEXTS.remove(options, context);
            }
            context.completeExceptionally(e);
        }
    }

    private static SslContext made(CompletableFuture<SslContext> context) {
        try {
            return context.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                case null, default ->
                    throw new IllegalArgumentException(
                            "these TLS options are not possible: " + TlsFailures.deepest(e), e);
            }
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
