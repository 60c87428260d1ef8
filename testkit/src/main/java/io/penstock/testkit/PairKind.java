package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.Loops;

/** In-memory pairs, across two loops where there are two. */
record PairKind() implements ConnectionKind {
    @Override
    public Ends open(Loops loops) {
        var all = loops.all();
        var pair = Connection.pair(all.getFirst(), all.getLast());
        return new Ends(pair.first(), new PairPeer(pair.second()), () -> {});
    }

    @Override
    public Origin origin() {
        return Origin.PAIRED;
    }

    @Override
    public boolean isTcp() {
        return false;
    }

    @Override
    public boolean abortsAsReset() {
        return true;
    }

    @Override
    public long mostUnderWay() {
        return 1L << 20;
    }
}
