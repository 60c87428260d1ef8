package io.penstock.http.internal;

import io.penstock.net.Loop;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Who is to be told, while an exchange lasts, that its server stops. Any thread. */
final class Shutdown {
    private record Wish(Loop.Task told, @Nullable Wish before) {}

    /** In the place of all others once they were told: whoever comes now is told at once. */
    private static final Wish BEGUN = new Wish(() -> {}, null);

    /** In the place of all others once the exchange is over. */
    private static final Wish OVER = new Wish(() -> {}, null);

    private final Loop loop;
    private final AtomicReference<@Nullable Wish> last = new AtomicReference<>();

    Shutdown(Loop loop) {
        this.loop = loop;
    }

    void tell(Loop.Task told) {
        while (true) {
            Wish before = last.get();
            if (before == OVER) return;
            if (before == BEGUN) {
                spawn(told);
                return;
            }
            if (last.compareAndSet(before, new Wish(told, before))) return;
        }
    }

    /** It has begun. Idempotent. */
    void begin() {
        Wish wishes = last.getAndUpdate(now -> now == OVER ? OVER : BEGUN);
        if (wishes == OVER) return;
        for (Wish each = wishes; each != null && each != BEGUN; each = each.before()) spawn(each.told());
    }

    private void spawn(Loop.Task told) {
        loop.spawn("shutdown", told);
    }

    /** The exchange is over: nobody is told any more. Idempotent. */
    void forget() {
        last.set(OVER);
    }
}
