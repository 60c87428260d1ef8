package io.penstock.net.internal;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import org.jspecify.annotations.Nullable;

/** Tells whether a private and a public key are two halves of one. */
public final class KeyPairs {
    private static final byte[] PROBE = {1, 2, 3, 4};

    private KeyPairs() {}

    /** Whether one verifies what the other signs; true too for keys of a kind or of a provider that cannot be tried here. */
    public static boolean belongTogether(PrivateKey secret, PublicKey known) {
        String family = family(secret.getAlgorithm());
        String other = family(known.getAlgorithm());
        if (family == null || other == null) return true;
        if (!family.equals(other)) return false;
        String algorithm = switch (family) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> family;
        };
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(secret);
            signer.update(PROBE);
            byte[] signed = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(known);
            verifier.update(PROBE);
            return verifier.verify(signed);
        } catch (SignatureException e) {
            return false; // of another length or curve
        } catch (GeneralSecurityException e) {
            return true; // a key in hardware, say: the handshake will tell
        }
    }

    /** Providers name one and the same kind of key differently. */
    private static @Nullable String family(String algorithm) {
        return switch (algorithm) {
            case "RSA" -> "RSA";
            case "EC", "ECDSA" -> "EC";
            case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
            default -> null;
        };
    }
}
