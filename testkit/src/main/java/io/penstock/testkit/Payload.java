package io.penstock.testkit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** Bytes to send and ways to compare them. */
final class Payload {
    /** The seed of everything random in this run; set {@code -Dpenstock.seed} to repeat one. */
    static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);

    private Payload() {}

    static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(SEED + size).nextBytes(bytes);
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    static byte[] join(byte[]... pieces) {
        var joined =
                new byte[Arrays.stream(pieces).mapToInt(piece -> piece.length).sum()];
        int at = 0;
        for (byte[] piece : pieces) {
            System.arraycopy(piece, 0, joined, at, piece.length);
            at += piece.length;
        }
        return joined;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Fails where the large arrays differ, without printing them. */
    static void expectSame(byte[] expected, byte[] actual) {
        int at = Arrays.mismatch(expected, actual);
        if (at >= 0) {
            throw new AssertionError("of " + expected.length + " bytes " + actual.length
                    + " arrived; the first that is wrong is "
                    + at + ": " + hex(Arrays.copyOfRange(actual, at, Math.min(at + 16, actual.length))) + " instead of "
                    + hex(Arrays.copyOfRange(expected, at, Math.min(at + 16, expected.length))));
        }
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
