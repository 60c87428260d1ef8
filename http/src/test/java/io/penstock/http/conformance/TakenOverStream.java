package io.penstock.http.conformance;

import io.penstock.net.Connection.Origin;
import io.penstock.testkit.ConnectionKind;

/** What streams that were taken over from HTTP on a socket have in common, whichever side took them. */
interface TakenOverStream extends ConnectionKind {
    @Override
    default Origin origin() {
        return Origin.TAKEN_OVER;
    }

    @Override
    default boolean isTcp() {
        return true;
    }

    @Override
    default boolean abortsAsReset() {
        return true;
    }

    @Override
    default long mostUnderWay() {
        return 16L << 20;
    }
}
