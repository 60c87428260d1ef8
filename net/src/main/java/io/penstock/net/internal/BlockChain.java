package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.net.event.IoBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one {@link IoBuffer} there is. Places in it are absolute: the number of bytes before them.
 *
 * <p>Its lock guards everything. Memory is got and given back outside it, since that may take a while; two chains never hold theirs at
 * the same time.
 */
public final class BlockChain implements IoBuffer {
    /** What is shorter is copied behind what there is rather than shared: a slice of a large block would keep all of it. */
    private static final int WORTH_SHARING = 512;

    /** What is longer is copied in parts: whoever spins for the lock does so for moments. */
    private static final int COPIED_AT_ONCE = 4096;

    /** Bytes one after the other. What they are in may be shared with others, and then only its owner writes behind them. */
    private static final class Block {
        private final ByteBuf data;
        private final long start;
        private final boolean own;
        private @Nullable Block next;

        Block(ByteBuf data, long start, boolean own) {
            this.data = data;
            this.start = start;
            this.own = own;
        }

        long end() {
            return start + data.readableBytes();
        }

        int space() {
            return own ? data.writableBytes() : 0;
        }

        int index(long position) {
            return data.readerIndex() + (int) (position - start);
        }
    }

    private final int blockSize;
    private final SpinLock lock = new SpinLock();
    private final List<Place> readers = new ArrayList<>(1);

    /** The operations that use it. */
    private final List<StreamVio> users = new ArrayList<>(1);

    private @Nullable Block head;
    private @Nullable Block tail;

    /** The oldest byte that is kept while there is no reader. */
    private long base;

    private long end;
    private boolean lent;
    private boolean closed;
    private volatile int lowWater;
    private volatile int highWater = HIGH_WATER;

    private BlockChain(int blockSize) {
        this.blockSize = blockSize;
    }

    public static BlockChain open(int blockSize) {
        if (blockSize < 1) throw new IllegalArgumentException("a block has at least one byte, not " + blockSize);
        return new BlockChain(blockSize);
    }

    // ---- writing

    @Override
    public int write(ByteBuffer bytes) {
        int total = Math.min(bytes.remaining(), room());
        if (!copy(bytes.slice(bytes.position(), total))) throw gone();
        bytes.position(bytes.position() + total);
        return total;
    }

    @Override
    public ByteBuffer space() {
        int room = room();
        if (room == 0) return ByteBuffer.allocate(0);
        Block last = lendTail();
        if (last == null) last = link(newBlock(), true);
        if (last == null) throw gone();
        return last.data.nioBuffer(last.data.writerIndex(), Math.min(last.space(), room));
    }

    /** The last block if it has space, which is nobody's to free until something was written into it. */
    private @Nullable Block lendTail() {
        lock.lock();
        try {
            requireOpen();
            Block last = tail;
            if (last == null || last.space() == 0) return null;
            lent = true;
            return last;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void produce(int count) {
        Block free;
        lock.lock();
        try {
            requireOpen();
            Block last = tail;
            if (count < 0 || count > (lent && last != null ? last.space() : 0)) {
                throw new IllegalArgumentException(count + " bytes are more than space() has given");
            }
            lent = false;
            if (last != null) last.data.writerIndex(last.data.writerIndex() + count);
            end += count;
            free = unlinkPassed();
        } finally {
            lock.unlock();
        }
        release(free);
    }

    @Override
    public int append(Reader from, int offset, int count) {
        if (offset < 0 || count < 0) throw new IllegalArgumentException("no part: " + count + " from " + offset);
        if (!isOpen()) throw gone();
        List<ByteBuf> shared = ((Place) from).share(offset, Math.min(count, room()));
        int total = 0;
        boolean open = true;
        for (ByteBuf piece : shared) {
            total += piece.readableBytes();
            open = open && append(piece);
            if (!open) piece.release(); // closed meanwhile
        }
        if (!open) throw gone();
        return total;
    }

    /** Writes a chunk and takes it over, room or not; false when the buffer is closed, and then what is left of the chunk is the caller's. */
    boolean append(ByteBuf chunk) {
        if (chunk.readableBytes() >= WORTH_SHARING) return link(chunk, false) != null;
        ByteBuffer bytes = chunk.nioBuffer();
        boolean open = copy(bytes);
        chunk.readerIndex(
                chunk.writerIndex() - bytes.remaining()); // some may have been copied, and consumed, before the close
        if (open) chunk.release();
        return open;
    }

    /** False when the buffer is closed. */
    private boolean copy(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            if (!copyToTail(bytes) && link(newBlock(), true) == null) return false;
        }
        return true;
    }

    /** Copies some bytes behind the last; under the lock, as somebody else may write too, or close the buffer. False when there is no space. */
    private boolean copyToTail(ByteBuffer bytes) {
        lock.lock();
        try {
            Block last = tail;
            if (last == null || last.space() == 0) return false;
            int count = Math.min(COPIED_AT_ONCE, Math.min(last.space(), bytes.remaining()));
            last.data.writeBytes(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
            end += count;
            lent = false;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private ByteBuf newBlock() {
        return ByteBufAllocator.DEFAULT.directBuffer(blockSize, blockSize);
    }

    /**
     * Takes over what becomes the last block, lent when it is our own: being empty, it would be free as soon as the lock is, to a reader that
     * comes to the end. Null when the buffer is closed.
     */
    private @Nullable Block link(ByteBuf data, boolean own) {
        lock.lock();
        try {
            if (!closed) {
                var block = new Block(data, end, own);
                Block last = tail;
                if (last == null) {
                    head = block;
                } else {
                    last.next = block;
                }
                tail = block;
                end = block.end();
                lent = own;
                return block;
            }
        } finally {
            lock.unlock();
        }
        if (own) data.release();
        return null;
    }

    // ---- how much there is

    @Override
    public int room() {
        return Math.max(0, highWater - kept());
    }

    @Override
    public int kept() {
        lock.lock();
        try {
            return (int) (end - oldest());
        } finally {
            lock.unlock();
        }
    }

    /** The oldest byte that somebody may want. Holding the lock. */
    private long oldest() {
        if (readers.isEmpty()) return base;
        long least = end;
        for (Place each : readers) least = Math.min(least, each.position);
        return least;
    }

    @Override
    public int lowWater() {
        return lowWater;
    }

    @Override
    public void lowWater(int bytes) {
        requireMarks(bytes, highWater);
        lowWater = bytes;
    }

    @Override
    public int highWater() {
        return highWater;
    }

    @Override
    public void highWater(int bytes) {
        requireMarks(lowWater, bytes);
        highWater = bytes;
    }

    /** With the low one above the other, reading would stop before anybody was told of what there is. */
    private static void requireMarks(int low, int high) {
        if (low >= 0 && high > 0 && low <= high) return;
        throw new IllegalArgumentException("a low-water mark of " + low + " and a high-water mark of " + high
                + ": 0 <= low <= high, and 1 <= high");
    }

    // ---- its life

    @Override
    public Reader reader() {
        lock.lock();
        try {
            requireOpen();
            return new Place(oldest());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        Block free;
        lock.lock();
        try {
            closed = true;
            readers.clear();
            free = head;
            head = null;
            tail = null;
            base = end;
        } finally {
            lock.unlock();
        }
        release(free);
        tellUsers();
    }

    /** An operation looks again, wherever it waits, when the buffer or a reader of it is closed; until {@link #leave}. */
    void use(StreamVio user) {
        lock.lock();
        try {
            users.add(user);
        } finally {
            lock.unlock();
        }
    }

    void leave(StreamVio user) {
        lock.lock();
        try {
            users.remove(user);
        } finally {
            lock.unlock();
        }
    }

    private void tellUsers() {
        List<StreamVio> told;
        lock.lock();
        try {
            if (users.isEmpty()) return;
            told = List.copyOf(users);
        } finally {
            lock.unlock();
        }
        told.forEach(StreamVio::endWait);
    }

    private void requireOpen() {
        if (closed) throw gone();
    }

    private static IllegalStateException gone() {
        return new IllegalStateException("the buffer is closed");
    }

    /** Takes out what every reader has passed; the last block only when nobody is writing into it. Holding the lock. */
    private @Nullable Block unlinkPassed() {
        long least = oldest();
        Block first = head;
        Block last = null;
        for (Block each = first; each != null && each.end() <= least && !(lent && each == tail); each = each.next) {
            last = each;
        }
        if (last == null) return null;
        head = last.next;
        if (head == null) tail = null;
        last.next = null;
        return first;
    }

    private static void release(@Nullable Block first) {
        for (Block each = first; each != null; each = each.next) each.data.release();
    }

    /** A reader: a number, and the block it lies in is looked for when it is needed. All of it is guarded by the buffer's lock. */
    final class Place implements Reader {
        private long position;
        private boolean ended;

        /** Holding the lock. */
        Place(long position) {
            this.position = position;
            readers.add(this);
        }

        @Override
        public BlockChain buffer() {
            return BlockChain.this;
        }

        boolean isOpen() {
            lock.lock();
            try {
                return !ended && !closed;
            } finally {
                lock.unlock();
            }
        }

        /** How many bytes lie before it in one block. */
        int contiguous() {
            lock.lock();
            try {
                Block block = ended ? null : at(position);
                return block == null ? 0 : (int) (block.end() - position);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public int available() {
            lock.lock();
            try {
                return left();
            } finally {
                lock.unlock();
            }
        }

        private int left() {
            return ended || closed ? 0 : (int) (end - position);
        }

        @Override
        public ByteBuffer block() {
            lock.lock();
            try {
                requireReadable();
                Block block = at(position);
                if (block == null) return ByteBuffer.allocate(0).asReadOnlyBuffer();
                return block.data
                        .nioBuffer(block.index(position), (int) (block.end() - position))
                        .asReadOnlyBuffer();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public byte[] read(int max) {
            if (max < 0) throw new IllegalArgumentException("cannot read " + max + " bytes");
            ByteBuffer bytes = ByteBuffer.allocate(Math.min(max, available()));
            read(bytes);
            return bytes.array();
        }

        @Override
        public int read(ByteBuffer into) {
            int total = 0;
            for (ByteBuffer block = block(); block.hasRemaining() && into.hasRemaining(); block = block()) {
                int count = Math.min(block.remaining(), into.remaining());
                into.put(block.limit(block.position() + count));
                consume(count);
                total += count;
            }
            return total;
        }

        @Override
        public void consume(int count) {
            Block free;
            lock.lock();
            try {
                requireReadable();
                if (count < 0 || count > left()) {
                    throw new IllegalArgumentException(count + " bytes of " + left() + " cannot be consumed");
                }
                position += count;
                free = unlinkPassed();
            } finally {
                lock.unlock();
            }
            release(free);
        }

        /** Consumes the next bytes as far as they lie in one block, as a chunk that the caller owns; null when there are none. */
        @Nullable
        ByteBuf take(int max) {
            ByteBuf chunk;
            Block free;
            lock.lock();
            try {
                Block block = ended ? null : at(position);
                if (block == null || max == 0) return null;
                int count = (int) Math.min(max, block.end() - position);
                chunk = block.data.retainedSlice(block.index(position), count);
                position += count;
                free = unlinkPassed();
            } finally {
                lock.unlock();
            }
            release(free);
            return chunk;
        }

        /** References to what lies before it, which the caller owns. */
        private List<ByteBuf> share(int offset, int count) {
            var pieces = new ArrayList<ByteBuf>(2);
            lock.lock();
            try {
                requireReadable();
                long from = Math.min(position + offset, end);
                long to = Math.min(from + count, end);
                for (Block block = at(from); block != null && from < to; block = block.next) {
                    int size = (int) (Math.min(block.end(), to) - from);
                    pieces.add(block.data.retainedSlice(block.index(from), size));
                    from += size;
                }
                return pieces;
            } finally {
                lock.unlock();
            }
        }

        private @Nullable Block at(long place) {
            Block block = head;
            while (block != null && block.end() <= place) block = block.next;
            return block;
        }

        @Override
        public Reader duplicate() {
            lock.lock();
            try {
                requireReadable();
                return new Place(position);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            Block free;
            lock.lock();
            try {
                if (ended || closed) return;
                ended = true;
                readers.remove(this);
                if (readers.isEmpty()) base = end;
                free = unlinkPassed();
            } finally {
                lock.unlock();
            }
            release(free);
            tellUsers();
        }

        private void requireReadable() {
            requireOpen();
            if (ended) throw new IllegalStateException("the reader is closed");
        }
    }
}
