package io.penstock.net.internal;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Files in the PEM format (RFC 7468): certificates, revocation lists, a private key. */
public final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----", Pattern.DOTALL);

    private Pem() {}

    /** All certificates in the file: one or more. */
    public static List<X509Certificate> certificates(Path file) throws IOException {
        var all = new ArrayList<X509Certificate>();
        for (byte[] der : blocks(file, "CERTIFICATE")) {
            try {
                all.add((X509Certificate) x509().generateCertificate(new ByteArrayInputStream(der)));
            } catch (GeneralSecurityException e) {
                throw new IllegalArgumentException(
                        file + ": certificate " + (all.size() + 1) + " cannot be decoded: " + e.getMessage(), e);
            }
        }
        return all;
    }

    /** All revocation lists in the file: one or more. */
    public static List<X509CRL> revocations(Path file) throws IOException {
        var all = new ArrayList<X509CRL>();
        for (byte[] der : blocks(file, "X509 CRL")) {
            try {
                all.add((X509CRL) x509().generateCRL(new ByteArrayInputStream(der)));
            } catch (GeneralSecurityException e) {
                throw new IllegalArgumentException(
                        file + ": revocation list " + (all.size() + 1) + " cannot be decoded: " + e.getMessage(), e);
            }
        }
        return all;
    }

    /** The first key in the file. */
    public static PrivateKey privateKey(Path file) throws IOException {
        byte[] der = blocks(file, "PRIVATE KEY").getFirst();
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException e) {
                // of another algorithm
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(algorithm + " is not supported here", e);
            }
        }
        throw new IllegalArgumentException(file + ": the private key is neither EC nor RSA nor EdDSA, or is damaged");
    }

    private static CertificateFactory x509() throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509");
    }

    private static List<byte[]> blocks(Path file, String wanted) throws IOException {
        Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        var found = new ArrayList<byte[]>();
        var others = new ArrayList<String>();
        while (matcher.find()) {
            String label = matcher.group(1);
            if (label.equals(wanted)) {
                found.add(decoded(file, matcher.group(2)));
            } else {
                others.add(label);
            }
        }
        if (!found.isEmpty()) return found;
        throw new IllegalArgumentException(file + ": there is no " + wanted + " in PEM format in it"
                + (others.isEmpty() ? "" : ", but " + String.join(", ", others))
                + (others.stream().anyMatch(label -> label.endsWith("PRIVATE KEY"))
                        ? "; convert it with: openssl pkcs8 -topk8 -nocrypt -in " + file
                        : ""));
    }

    private static byte[] decoded(Path file, String base64) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": it is not valid Base64: " + e.getMessage(), e);
        }
    }
}
