package io.penstock.http.internal;

/**
 * How much head is accepted.
 *
 * @param line the longest request or status line in bytes
 * @param section the most bytes of header fields
 * @param count the most header fields
 */
record HeadLimits(int line, int section, int count) {
    /** For answers: origins send more than browsers do. */
    static final HeadLimits OF_ANSWERS = new HeadLimits(8 * 1024, 64 * 1024, 200);

    /** The most bytes of a head that may have to be looked at: both parts, an empty line before, the line ends, and one too many. */
    int whole() {
        return line + section + 8;
    }
}
