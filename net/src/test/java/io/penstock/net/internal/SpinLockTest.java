package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is woken under the lock goes on when it is free, and not before. */
class SpinLockTest {
    private final SpinLock lock = new SpinLock();

    /** Other tests may have left their thread a permit. */
    @BeforeEach
    void forgetPermit() throws InterruptedException {
        isPermitted();
    }

    @Test
    void whoIsWokenUnderTheLockGoesOnWhenItIsFree() throws InterruptedException {
        Thread waiting = parked();

        lock.lock();
        lock.wakeBehind(waiting);
        lock.unlock();

        waiting.join();
    }

    @Test
    void notWhileItIsHeld() throws InterruptedException {
        lock.lock();
        lock.wakeBehind(Thread.currentThread());
        boolean early = isPermitted();
        lock.unlock();

        assertThat(early).isFalse();
        assertThat(isPermitted()).isTrue();
    }

    @Test
    void allWhoAreWokenUnderOneHoldGoOn() throws InterruptedException {
        Thread first = parked();
        Thread second = parked();
        Thread third = parked();

        lock.lock();
        lock.wakeBehind(first);
        lock.wakeBehind(second);
        lock.wakeBehind(third);
        lock.unlock();

        first.join();
        second.join();
        third.join();
    }

    @Test
    void nobodyIsWokenTwice() throws InterruptedException {
        lock.lock();
        lock.wakeBehind(Thread.currentThread());
        lock.unlock();
        assertThat(isPermitted()).isTrue();

        lock.lock();
        lock.unlock();

        assertThat(isPermitted()).isFalse();
    }

    /** Whether this thread was woken, and so does not park; from then on it was not. */
    private static boolean isPermitted() throws InterruptedException {
        Thread me = Thread.currentThread();
        var open = new AtomicBoolean(true);
        Thread judge = Thread.ofPlatform().start(() -> {
            while (open.get()) {
                if (me.getState() == Thread.State.WAITING && open.compareAndSet(true, false)) LockSupport.unpark(me);
            }
        });
        LockSupport.park();
        boolean permitted = open.compareAndSet(true, false);
        judge.join();
        return permitted;
    }

    private static Thread parked() {
        Thread thread = Thread.startVirtualThread(LockSupport::park);
        await().until(() -> thread.getState() == Thread.State.WAITING);
        return thread;
    }
}
