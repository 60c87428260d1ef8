package io.penstock.http.internal;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import io.penstock.net.internal.StreamConnection;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Who is to be told, while an exchange lasts, that its client has ended its stream. Any thread. */
final class ClientEnd {
    private record Watch(Action wish, @Nullable Watch before) {}

    /** In the place of all others once the exchange is over. */
    private static final Watch OVER = new Watch(() -> false, null);

    private final AtomicReference<@Nullable Watch> last = new AtomicReference<>();

    void tell(StreamConnection connection, Consumer<Reason> told) {
        Action wish = connection.onInputEnd(reason -> {
            if (last.get() != OVER && reason != Reason.CLOSED) told.accept(reason);
        });
        while (true) {
            Watch before = last.get();
            if (before == OVER) {
                wish.cancel();
                return;
            }
            if (last.compareAndSet(before, new Watch(wish, before))) return;
        }
    }

    /** The exchange is over: nobody is told any more. Idempotent. */
    void forget() {
        if (last.get() == OVER) return;
        for (Watch each = last.getAndSet(OVER); each != null; each = each.before())
            each.wish().cancel();
    }
}
