package io.penstock.net;

/** What does the cryptography of TLS. */
public enum TlsEngine {
    /** BoringSSL where its native library is on the class path, else the JDK. */
    AUTO,
    /** BoringSSL by netty-tcnative, or fail: the fastest. */
    BORINGSSL,
    /** The JDK's. With TLS 1.2 it ends both directions when the peer ends its stream: half-closing needs TLS 1.3, or the other engine. */
    JDK
}
