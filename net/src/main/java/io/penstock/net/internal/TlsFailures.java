package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateRevokedException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The reasons behind a failed handshake. */
final class TlsFailures {
    private TlsFailures() {}

    static ConnectionException of(SSLException failure, SocketAddress peer) {
        Reason reason = reasonOf(failure);
        return ConnectionException.of(reason, Phase.TLS, peer, text(reason, failure), failure);
    }

    private static String text(Reason reason, SSLException failure) {
        String why = deepest(failure);
        return switch (reason) {
            case TLS_UNTRUSTED -> "nobody who is trusted vouches for the certificate of the peer: " + why;
            case TLS_EXPIRED -> "the certificate of the peer is not valid now: " + why;
            case TLS_REVOKED -> "the certificate of the peer has been revoked: " + why;
            case TLS_HOST_NAME -> "the certificate of the peer is for another name: " + why;
            default -> "the TLS handshake failed: " + why;
        };
    }

    /** The innermost cause that says anything: around it is what the engines make of it. */
    private static Reason reasonOf(SSLException failure) {
        Reason reason = Reason.TLS_HANDSHAKE;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Reason more = reasonOfOne(cause);
            if (more != null) reason = more;
        }
        return reason;
    }

    private static @Nullable Reason reasonOfOne(Throwable cause) {
        return switch (cause) {
            case CertificateExpiredException _, CertificateNotYetValidException _ -> Reason.TLS_EXPIRED;
            case CertificateRevokedException _ -> Reason.TLS_REVOKED;
            case CertPathValidatorException e when e.getReason() == BasicReason.EXPIRED -> Reason.TLS_EXPIRED;
            case CertPathValidatorException e when e.getReason() == BasicReason.NOT_YET_VALID -> Reason.TLS_EXPIRED;
            case CertPathValidatorException e when e.getReason() == BasicReason.REVOKED -> Reason.TLS_REVOKED;
            case CertPathValidatorException _, CertPathBuilderException _ -> Reason.TLS_UNTRUSTED;
            case CertificateException e when isAboutName(e) -> Reason.TLS_HOST_NAME;
            case CertificateException _ -> Reason.TLS_UNTRUSTED;
            default -> null;
        };
    }

    /** The JDK throws nothing more exact. */
    private static boolean isAboutName(Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        return text.startsWith("No name matching") || text.startsWith("No subject alternative");
    }

    /** The text of the innermost cause, which is the most exact. */
    static String deepest(Throwable failure) {
        String text = failure.toString();
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) text = cause.getMessage();
        }
        return text;
    }
}
