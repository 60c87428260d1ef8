package io.penstock.testkit;

import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsTrust;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority made up for a test, and what it certifies. */
record Certificates(KeyPair keys, X509Certificate root) {
    private static final AtomicLong SERIALS = new AtomicLong(1000);
    private static final Duration HOUR = Duration.ofHours(1);

    /** A new authority, which nobody knows yet. */
    static Certificates authority() {
        return authority("Test Authority " + SERIALS.incrementAndGet());
    }

    static Certificates authority(String name) {
        try {
            KeyPair keys = keys("EC");
            var subject = new X500Name("CN=" + name);
            var builder = builder(
                            subject,
                            subject,
                            keys,
                            Instant.now().minus(HOUR),
                            Instant.now().plus(HOUR))
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return new Certificates(
                    keys, new JcaX509CertificateConverter().getCertificate(builder.build(signer(keys))));
        } catch (Exception e) {
            throw new IllegalStateException("no authority can be made", e);
        }
    }

    /** Another one of the same name, which nobody should take for this. */
    Certificates impostor() {
        return authority(root.getSubjectX500Principal().getName().substring("CN=".length()));
    }

    /** Trust in this authority and no other. */
    TlsTrust trust() {
        return new TlsTrust.Authorities(List.of(root), List.of());
    }

    /** Trust in this authority, except for what is on the list. */
    TlsTrust trustBut(X509Certificate... revoked) {
        return new TlsTrust.Authorities(List.of(root), List.of(revoke(revoked)));
    }

    /** An identity for the names, each a host name or an address. */
    TlsIdentity identity(String... names) {
        return identity("EC", Instant.now().minus(HOUR), Instant.now().plus(HOUR), names);
    }

    /** An identity for the names whose time is over. */
    TlsIdentity expired(String... names) {
        return identity("EC", Instant.now().minus(HOUR), Instant.now().minusSeconds(60), names);
    }

    /** An identity that nobody vouches for but itself. */
    static TlsIdentity selfSigned(String... names) {
        try {
            KeyPair own = keys("EC");
            var subject = new X500Name("CN=" + names[0]);
            var builder = builder(
                            subject,
                            subject,
                            own,
                            Instant.now().minus(HOUR),
                            Instant.now().plus(HOUR))
                    .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(alternatives(names)));
            X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(builder.build(signer(own)));
            return new TlsIdentity(own.getPrivate(), List.of(certificate));
        } catch (Exception e) {
            throw new IllegalStateException("no identity can be made for " + List.of(names), e);
        }
    }

    /** An identity with a key of that algorithm. */
    TlsIdentity identity(String algorithm, Instant from, Instant to, String... names) {
        try {
            KeyPair own = keys(algorithm);
            var subject = new X500Name("CN=" + names[0]);
            var issuer = X500Name.getInstance(root.getSubjectX500Principal().getEncoded());
            var builder = builder(issuer, subject, own, from, to)
                    .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(alternatives(names)));
            X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(builder.build(signer(keys)));
            return new TlsIdentity(own.getPrivate(), List.of(certificate));
        } catch (Exception e) {
            throw new IllegalStateException("no identity can be made for " + List.of(names), e);
        }
    }

    private static GeneralName[] alternatives(String... names) {
        return Arrays.stream(names)
                .map(name -> new GeneralName(
                        name.matches("[0-9.]+|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new);
    }

    /** The list of what this authority has revoked. */
    X509CRL revoke(X509Certificate... revoked) {
        try {
            var builder = new JcaX509v2CRLBuilder(root.getSubjectX500Principal(), new Date());
            builder.setNextUpdate(Date.from(Instant.now().plus(HOUR)));
            for (X509Certificate one : revoked) {
                builder.addCRLEntry(one.getSerialNumber(), new Date(), CRLReason.keyCompromise);
            }
            return new JcaX509CRLConverter().getCRL(builder.build(signer(keys)));
        } catch (Exception e) {
            throw new IllegalStateException("no list can be made", e);
        }
    }

    private static JcaX509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, KeyPair keys, Instant from, Instant to) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.valueOf(SERIALS.incrementAndGet()),
                Date.from(from),
                Date.from(to),
                subject,
                keys.getPublic());
    }

    private static ContentSigner signer(KeyPair keys) throws Exception {
        return new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
    }

    private static KeyPair keys(String algorithm) throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance(algorithm);
        if (algorithm.equals("EC")) {
            generator.initialize(new ECGenParameterSpec("secp256r1"));
        } else if (algorithm.equals("RSA")) {
            generator.initialize(2048);
        }
        return generator.generateKeyPair();
    }
}
