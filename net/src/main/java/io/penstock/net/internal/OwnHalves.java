package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException.Reason;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The halves of a stream themselves, with nothing between them and the link. */
record OwnHalves(Duplex stream, InputHalf input, OutputHalf output) implements Halves {
    @Override
    public void offer(ByteBuf chunk) {
        input.offer(chunk);
    }

    @Override
    public void endInput(Reason reason, @Nullable Throwable cause) {
        input.end(reason, cause);
    }

    @Override
    public long takeInto(Consumer<Object> link, ByteBuf scratch) {
        return output.takeInto(link, scratch);
    }

    @Override
    public void taken(long count) {
        output.taken(count);
    }

    @Override
    public boolean mayFinish() {
        return output.mayFinish();
    }

    @Override
    public void endOutput(Reason reason, @Nullable Throwable cause) {
        output.end(reason, cause);
    }

    @Override
    public void lost(Reason reason, @Nullable Throwable cause) {
        stream.lost(reason, cause);
    }
}
