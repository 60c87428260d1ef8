package io.penstock.net;

/** What does the cryptography of TLS. */
public enum TlsEngine {
    /** BoringSSL where its native library is on the class path, else the JDK. */
    AUTO,
    /** BoringSSL by netty-tcnative, or fail: the fastest. */
    BORINGSSL,
    /** The JDK's: with TLS 1.3 the only one that can go on sending after the peer has ended its stream. */
    JDK
}
