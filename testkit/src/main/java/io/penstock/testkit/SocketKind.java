package io.penstock.testkit;

/** What the connections over sockets have in common, however they came to be. */
interface SocketKind extends ConnectionKind {
    Family family();

    @Override
    default boolean isTcp() {
        return family() == Family.TCP;
    }

    @Override
    default boolean abortsAsReset() {
        return isTcp();
    }

    @Override
    default long mostUnderWay() {
        return isTcp() ? 16L << 20 : 4L << 20;
    }
}
