package io.penstock.net.internal;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Gives whoever reads no more than a few bytes room: enough to notice that there is more. */
final class Taste extends AbstractByteBufAllocator {
    /** Every pipe has room for so much at once. */
    static final int SIZE = 1024;

    static final ByteBufAllocator ONLY = new Taste();

    private Taste() {
        super(true);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initial, int most) {
        return ByteBufAllocator.DEFAULT.directBuffer(Math.min(initial, SIZE), most);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initial, int most) {
        return ByteBufAllocator.DEFAULT.heapBuffer(initial, most);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return ByteBufAllocator.DEFAULT.isDirectBufferPooled();
    }
}
