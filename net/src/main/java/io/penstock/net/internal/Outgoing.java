package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * What has been accepted and not been taken yet, in order. Guarded by its owner's lock.
 *
 * <p>Small pieces are gathered in one array, so that a head and a body become one system call; chunks that change hands are queued as they
 * are, and leave together with the array.
 */
final class Outgoing {
    private static final int SMALL = 1024;
    private static final byte[] NOTHING = {};

    private byte[] gathered = NOTHING;
    private int gatheredSize;
    private final ArrayDeque<Object> queue = new ArrayDeque<>(2);

    /** Copies bytes behind what there is. */
    void copy(byte[] bytes, int from, int count) {
        makeRoom(count);
        System.arraycopy(bytes, from, gathered, gatheredSize, count);
        gatheredSize += count;
    }

    /** Takes a chunk over; a few bytes behind others are cheaper copied than carried on their own. Returns its size. */
    int add(ByteBuf chunk) {
        int size = chunk.readableBytes();
        if (size <= SMALL && gatheredSize > 0) {
            makeRoom(size);
            chunk.readBytes(gathered, gatheredSize, size);
            gatheredSize += size;
            chunk.release();
        } else {
            seal();
            queue.add(chunk);
        }
        return size;
    }

    /** Adds a region of a file that stays its owner's; to be asked how much of it has left. */
    FileRegion add(FileChannel file, long position, long count) {
        seal();
        var region = new Region(file, position, count);
        queue.add(region);
        return region;
    }

    /** Takes over what lies in a pipe. */
    void add(Piped piped) {
        seal();
        queue.add(piped);
    }

    /** See {@link OutputHalf#takeInto}. */
    long takeInto(Consumer<Object> link, ByteBuf scratch) {
        long size = 0;
        for (Object message = queue.poll(); message != null; message = queue.poll()) {
            size += message instanceof ByteBuf bytes ? bytes.readableBytes() : ((FileRegion) message).count();
            link.accept(message);
        }
        if (gatheredSize > 0) {
            size += gatheredSize;
            if (gatheredSize <= scratch.writableBytes()) {
                link.accept(scratch.retain().writeBytes(gathered, 0, gatheredSize));
            } else {
                link.accept(Unpooled.wrappedBuffer(gathered, 0, gatheredSize));
                gathered = NOTHING;
            }
            gatheredSize = 0;
            if (gathered.length > SMALL) gathered = NOTHING;
        }
        return size;
    }

    /** Empties it. What was carried is the caller's to release, not under the lock. */
    List<Object> drop() {
        List<Object> dropped = queue.isEmpty() ? List.of() : List.copyOf(queue);
        queue.clear();
        gathered = NOTHING;
        gatheredSize = 0;
        return dropped;
    }

    /** Keeps no memory for what may come. */
    void trim() {
        if (gatheredSize == 0) gathered = NOTHING;
    }

    private void makeRoom(int count) {
        int needed = gatheredSize + count;
        if (gathered.length < needed)
            gathered = Arrays.copyOf(gathered, Math.max(needed, Math.max(SMALL, 2 * gathered.length)));
    }

    /** Puts what is gathered into the queue, so that what comes next stays behind it. */
    private void seal() {
        if (gatheredSize == 0) return;
        queue.add(Unpooled.wrappedBuffer(gathered, 0, gatheredSize));
        gathered = NOTHING;
        gatheredSize = 0;
    }

    /** A region of a file that stays its owner's: Netty would close it. */
    private static final class Region extends DefaultFileRegion {
        Region(FileChannel file, long position, long count) {
            super(file, position, count);
        }

        @Override
        protected void deallocate() {
            // the caller opened the file and closes it
        }
    }
}
