package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/**
 * The way into heads and headers for whoever has checked every byte already, the parser above all: checking the strings made of them
 * once more would cost as much again.
 */
public abstract class Trusted {
    private static volatile @Nullable Trusted provided;

    /** Called once by {@link Headers}, which alone can see the constructors. */
    public static void provide(Trusted trusted) {
        provided = trusted;
    }

    public static Trusted instance() {
        return Holder.INSTANCE;
    }

    public abstract void add(Headers headers, String name, String value);

    public abstract RequestHead request(String method, String target, HttpVersion version, Headers headers);

    public abstract ResponseHead response(int status, String reason, HttpVersion version, Headers headers);

    private static final class Holder {
        static final Trusted INSTANCE = load();

        private static Trusted load() {
            try {
                MethodHandles.lookup().ensureInitialized(Headers.class);
            } catch (IllegalAccessException e) {
                throw new AssertionError("Headers is public", e);
            }
            Trusted trusted = provided;
            if (trusted == null) throw new AssertionError("Headers provides the way in when it is initialized");
            return trusted;
        }
    }
}
