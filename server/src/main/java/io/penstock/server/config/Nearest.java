package io.penstock.server.config;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds what the user probably meant. */
final class Nearest {
    private Nearest() {}

    /** {@code , did you mean 'x'?}, or the words one can choose from when none is near, or nothing when there are none. */
    static String suggest(String word, Collection<String> known, String lead) {
        Optional<String> nearest = known.stream()
                .filter(candidate -> isNear(word, candidate))
                .min((a, b) -> Integer.compare(distance(word, a), distance(word, b)));
        if (nearest.isPresent()) {
            return ", did you mean '" + nearest.get() + "'?";
        }
        return known.isEmpty() ? "" : "; " + lead + " " + String.join(", ", known);
    }

    static boolean isNear(String word, String candidate) {
        return distance(word, candidate) <= Math.max(1, Math.min(3, candidate.length() / 3));
    }

    /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), without regard to case. */
    static int distance(String left, String right) {
        String a = left.toLowerCase(Locale.ROOT);
        String b = right.toLowerCase(Locale.ROOT);
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int same = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + same);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
