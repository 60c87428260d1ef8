package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Why there is no semaphore of our own: those of the JDK park a thread of a loop, and the loop goes on. */
class JdkSynchronizersTest {
    private static final int ROUNDS = 300;

    private final Loops loops = Loops.open(
            LoopOptions.DEFAULT.withCount(2).withScheduler(Scheduler.LOOP).withStallThreshold(Duration.ofSeconds(1)));
    private final Loop loop = loops.all().get(0);
    private final Loop other = loops.all().get(1);

    @AfterEach
    void close() {
        assertThat(loops.stalls().count()).isZero();
        loops.close(Duration.ZERO);
    }

    /** Something to wait for, and what ends the wait. */
    private enum Wait {
        SEMAPHORE {
            private final Semaphore permits = new Semaphore(0);

            @Override
            void await() throws InterruptedException {
                permits.acquire();
            }

            @Override
            void end() {
                permits.release();
            }
        },
        TIMED_SEMAPHORE {
            private final Semaphore permits = new Semaphore(0);

            @Override
            void await() throws InterruptedException {
                if (!permits.tryAcquire(1, TimeUnit.MINUTES)) throw new AssertionError("it was not released");
            }

            @Override
            void end() {
                permits.release();
            }
        },
        LATCH {
            private volatile CountDownLatch latch = new CountDownLatch(1);

            @Override
            void await() throws InterruptedException {
                latch.await();
                latch = new CountDownLatch(1);
            }

            @Override
            void end() {
                latch.countDown();
            }
        },
        QUEUE {
            private final LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>();

            @Override
            void await() throws InterruptedException {
                queue.take();
            }

            @Override
            void end() {
                queue.add("");
            }
        },
        FULL_QUEUE {
            private final ArrayBlockingQueue<String> queue = new ArrayBlockingQueue<>(1, true, List.of(""));

            @Override
            void await() throws InterruptedException {
                queue.put("");
            }

            @Override
            void end() {
                queue.remove();
            }
        },
        FUTURE {
            private volatile CompletableFuture<String> future = new CompletableFuture<>();

            @Override
            void await() throws Exception {
                future.get();
                future = new CompletableFuture<>();
            }

            @Override
            void end() {
                future.complete("");
            }
        };

        abstract void await() throws Exception;

        abstract void end();
    }

    @ParameterizedTest
    @EnumSource
    void aWaitParksAndEndsWhoeverEndsIt(Wait wait) throws Exception {
        for (var ender : List.<Callable<Spawned<?>>>of(
                () -> Spawned.on(loop, () -> end(wait)),
                () -> Spawned.on(other, () -> end(wait)),
                () -> Spawned.onPlatformThread(() -> end(wait)))) {
            var waiting = Spawned.on(loop, () -> {
                wait.await();
                return Carriers.current();
            });
            waiting.parked();
            String free = Spawned.on(loop, Carriers::current).value(); // the loop serves others meanwhile
            assertThat(waiting.isDone()).isFalse();
            ender.call().value();
            assertThat(waiting.value()).isEqualTo(free).startsWith("penstock-loop");
        }
    }

    private static String end(Wait wait) {
        wait.end();
        return "";
    }

    @Test
    void aSleepParks() {
        var sleeping = Spawned.on(loop, () -> {
            Thread.sleep(Duration.ofMinutes(1));
            return "";
        });
        sleeping.parked();
        assertThat(Spawned.on(loop, () -> "free").value()).isEqualTo("free");
        sleeping.thread().interrupt();
        assertThat(sleeping.failure()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void aLockIsContendedByThreadsOfTwoLoopsAndPlatformThreads() throws Exception {
        for (boolean fair : List.of(false, true)) {
            var lock = new ReentrantLock(fair);
            contend(() -> {
                lock.lock();
                return lock::unlock;
            });
        }
    }

    @Test
    void soIsASemaphore() throws Exception {
        var permit = new Semaphore(1);
        contend(() -> {
            permit.acquire();
            return permit::release;
        });
    }

    /** Nobody is inside together with anybody else, nobody is left waiting, although each parks inside now and then. */
    private void contend(Callable<Runnable> enter) throws Exception {
        var count = new int[1];
        Callable<Object> work = () -> {
            for (int i = 0; i < ROUNDS; i++) {
                Runnable leave = enter.call();
                try {
                    int before = count[0];
                    if (i % 50 == 0) {
                        Thread.sleep(Duration.ofNanos(1));
                    } else if (i % 7 == 0) {
                        Thread.yield();
                    }
                    count[0] = before + 1;
                } finally {
                    leave.run();
                }
            }
            return "";
        };
        var start = new CyclicBarrier(12);
        Callable<Object> together = () -> {
            start.await();
            return work.call();
        };
        var all = new ArrayList<Spawned<Object>>();
        for (int i = 0; i < 4; i++) {
            all.add(Spawned.on(loop, together));
            all.add(Spawned.on(other, together));
            all.add(Spawned.onPlatformThread(together));
        }
        all.forEach(Spawned::value);
        assertThat(count[0]).isEqualTo(12 * ROUNDS);
    }
}
