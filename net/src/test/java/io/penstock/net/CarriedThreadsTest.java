package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.penstock.net.LoopOptions.Scheduler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong with virtual threads on a scheduler of one's own, unless one takes care: each trap by its name. */
class CarriedThreadsTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(Scheduler.LOOP));
    private final Loop loop = loops.next();

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    // ---- every resumption is on the loop

    @Test
    void aThreadComesBackToItsLoopWhereverItParks() throws Exception {
        var lock = new ReentrantLock();
        var monitor = new Object();
        var queue = new LinkedBlockingQueue<String>();
        var carriers = new ArrayList<String>();
        var stage = new AtomicInteger();
        var thread = Spawned.on(loop, () -> {
            carriers.add("start " + Carriers.current());
            stage.incrementAndGet();
            LockSupport.park();
            carriers.add("park " + Carriers.current());
            var slept = new CountDownLatch(1);
            var _ = slept.await(1, java.util.concurrent.TimeUnit.MILLISECONDS);
            carriers.add("timed wait " + Carriers.current());
            stage.incrementAndGet();
            lock.lock();
            lock.unlock();
            carriers.add("lock " + Carriers.current());
            synchronized (monitor) {
                carriers.add("monitor " + Carriers.current());
            }
            carriers.add("queue " + queue.take() + " " + Carriers.current());
            Thread.yield();
            carriers.add("yield " + Carriers.current());
            carriers.add("offload " + loop.offload(() -> "") + Carriers.current());
            return null;
        });
        await().until(() -> stage.get() == 1);
        lock.lock();
        try {
            synchronized (monitor) {
                thread.parked();
                LockSupport.unpark(thread.thread());
                await().until(() -> stage.get() == 2);
                thread.parked();
                lock.unlock();
                // it waits for the monitor now
                await().until(() -> thread.thread().getState() == Thread.State.BLOCKED);
            }
        } finally {
            if (lock.isHeldByCurrentThread()) lock.unlock();
        }
        thread.parked();
        queue.add("");
        thread.value();
        assertThat(carriers).hasSize(8).allMatch(each -> each.contains("penstock-loop"), "on the loop");
        assertThat(Set.copyOf(carriers.stream()
                        .map(each -> each.substring(each.indexOf("penstock-loop")))
                        .toList()))
                .hasSize(1);
    }

    @Test
    void aBlockingSocketOfTheJdkResumesOnTheLoop() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var thread = Spawned.on(loop, () -> {
                try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    int first = socket.getInputStream().read();
                    return first + " " + Carriers.current();
                }
            });
            try (var accepted = server.accept()) {
                thread.parked();
                accepted.getOutputStream().write(7);
                assertThat(thread.value()).startsWith("7 penstock-loop");
            }
        }
    }

    @Test
    void isCarryingIsTrueForTheThreadThatRunsAndForNobodyElse() {
        assertThat(loop.isCarrying()).isFalse();
        assertThat(Spawned.on(loop, loop::isCarrying).value()).isTrue();
        assertThat(Spawned.on(loop, () -> loop.offload(loop::isCarrying)).value())
                .isFalse();
        assertThat(Spawned.on(loop, () -> {
                            loop.offload(() -> null);
                            return loop.isCarrying();
                        })
                        .value())
                .isTrue();
    }

    // ---- nothing is run inline

    @Test
    void nothingIsRunInsideTheCallThatStartsIt() {
        var order = new ArrayList<String>();
        Spawned.on(loop, () -> {
                    var done = new CountDownLatch(3);
                    loop.spawn("child", () -> {
                        order.add("spawned");
                        done.countDown();
                    });
                    loop.schedule(Duration.ZERO, () -> {
                        order.add("scheduled");
                        done.countDown();
                    });
                    ((io.penstock.net.internal.NettyLoop) loop).execute(() -> {
                        order.add("executed");
                        done.countDown();
                    });
                    order.add("caller");
                    done.await();
                    return null;
                })
                .value();
        assertThat(order).startsWith("caller").containsExactlyInAnyOrder("caller", "spawned", "scheduled", "executed");
    }

    @Test
    void wakingAThreadDoesNotRunItInsideTheCall() {
        var order = new ArrayList<String>();
        var sleeper = new AtomicReference<Thread>();
        var asleep = Spawned.on(loop, () -> {
            sleeper.set(Thread.currentThread());
            LockSupport.park();
            order.add("sleeper");
            return null;
        });
        asleep.parked();
        Spawned.on(loop, () -> {
                    LockSupport.unpark(sleeper.get());
                    order.add("waker");
                    return null;
                })
                .value();
        asleep.value();
        assertThat(order).containsExactly("waker", "sleeper");
    }

    // ---- children do not inherit the loop

    @Test
    void childrenOfACarriedThreadRunOnTheDefaultScheduler() throws Exception {
        List<String> carriers = Spawned.on(loop, () -> {
                    var seen = new LinkedBlockingQueue<String>();
                    Runnable note = () -> {
                        seen.add(Carriers.current());
                        Thread.yield();
                        seen.add(Carriers.current());
                        LockSupport.parkNanos(100_000);
                        seen.add(Carriers.current());
                    };
                    Thread.ofVirtual().start(note).join();
                    Thread.startVirtualThread(note).join();
                    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                        executor.submit(note).get();
                    }
                    return List.copyOf(seen);
                })
                .value();
        assertThat(carriers).hasSize(9).allMatch(each -> each.startsWith("ForkJoinPool"), "on the default scheduler");
    }

    @Test
    void anExecutorMadeOutsideAndUsedInsideRunsOnTheDefaultScheduler() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(Spawned.on(loop, () -> executor.submit(Carriers::current).get())
                            .value())
                    .startsWith("ForkJoinPool");
        }
    }

    @Test
    void grandchildrenRunOnTheDefaultSchedulerToo() {
        assertThat(Spawned.on(loop, () -> {
                            var seen = new AtomicReference<>("");
                            Thread.ofVirtual()
                                    .start(() -> {
                                        try {
                                            Thread.ofVirtual()
                                                    .start(() -> seen.set(Carriers.current()))
                                                    .join();
                                        } catch (InterruptedException e) {
                                            seen.set("interrupted");
                                        }
                                    })
                                    .join();
                            return seen.get();
                        })
                        .value())
                .startsWith("ForkJoinPool");
    }

    @Test
    void aChildThatHogsItsCarrierLeavesTheLoopAlone() throws Exception {
        var over = new CountDownLatch(1);
        var child = new AtomicReference<Thread>();
        Spawned.on(loop, () -> {
                    child.set(Thread.ofVirtual().start(() -> Carriers.hog(() -> over.getCount() == 0)));
                    return null;
                })
                .value();
        assertThat(Spawned.on(loop, Carriers::isLoop).value()).isTrue(); // the loop turns although the child hogs
        over.countDown();
        assertThat(child.get().join(Spawned.LIMIT)).isTrue();
    }

    @Test
    void aThreadSpawnedOnTheLoopByAChildIsCarriedByTheLoop() {
        var seen = new AtomicReference<>("");
        Spawned.on(loop, () -> {
                    var done = new CountDownLatch(1);
                    Thread.ofVirtual()
                            .start(() -> loop.spawn("grandchild", () -> {
                                seen.set(Carriers.current());
                                done.countDown();
                            }));
                    done.await();
                    return null;
                })
                .value();
        assertThat(seen.get()).startsWith("penstock-loop");
    }

    // ---- no pinning

    @Test
    void parkingInsideSynchronizedFreesTheLoop() {
        var monitor = new Object();
        var inside = Spawned.on(loop, () -> {
            synchronized (monitor) {
                LockSupport.park();
                return Carriers.current();
            }
        });
        inside.parked();
        assertThat(Spawned.on(loop, Carriers::isLoop).value())
                .isTrue(); // it could not run if the other held the carrier
        LockSupport.unpark(inside.thread());
        assertThat(inside.value()).startsWith("penstock-loop");
    }

    @Test
    void waitingForAMonitorAndInObjectWaitFreesTheLoop() throws Exception {
        var monitor = new Object();
        var told = new CountDownLatch(1);
        Spawned<String> entering;
        synchronized (monitor) {
            entering = Spawned.on(loop, () -> {
                synchronized (monitor) {
                    while (told.getCount() > 0) monitor.wait();
                    return Carriers.current();
                }
            });
            await().until(() -> entering.thread().getState() == Thread.State.BLOCKED);
            assertThat(Spawned.on(loop, Carriers::isLoop).value()).isTrue();
        }
        await().until(() -> entering.thread().getState() == Thread.State.WAITING);
        assertThat(Spawned.on(loop, Carriers::isLoop).value()).isTrue();
        synchronized (monitor) {
            told.countDown();
            monitor.notifyAll();
        }
        assertThat(entering.value()).startsWith("penstock-loop");
    }

    // ---- the scheduler never rejects

    @Test
    void aThreadThatIsWokenAfterItsLoopHasEndedFinishes() throws Exception {
        var go = new CountDownLatch(1);
        var stubborn = Spawned.on(loop, () -> {
            boolean interrupted = false;
            while (go.getCount() > 0) {
                LockSupport.park();
                interrupted |= Thread.interrupted(); // which does not end it
            }
            LockSupport.parkNanos(1_000_000); // and it may park again
            return interrupted + " " + Carriers.current();
        });
        stubborn.parked();
        assertThat(loops.close(Duration.ZERO)).isFalse();
        assertThat(stubborn.isDone()).isFalse();
        go.countDown();
        assertThatCode(() -> LockSupport.unpark(stubborn.thread())).doesNotThrowAnyException();
        assertThat(stubborn.value()).startsWith("true ForkJoinPool");
    }

    @Test
    void aTimedWaitThatExpiresAfterTheLoopHasEndedFinishes() throws Exception {
        var until = new AtomicReference<Long>();
        var stubborn = Spawned.on(loop, () -> {
            until.set(System.nanoTime() + Duration.ofMillis(1800).toNanos());
            boolean interrupted = false;
            // nobody will wake it: only the JDK's timer, through the scheduler
            for (long left; (left = until.get() - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
                interrupted |= Thread.interrupted();
            }
            return interrupted + " " + Carriers.current();
        });
        stubborn.parked();
        assertThat(loops.close(Duration.ZERO)).isFalse(); // takes about a second, waiting for the thread
        assertThat(stubborn.isDone()).isFalse();
        assertThat(stubborn.value()).startsWith("true ForkJoinPool");
    }

    @Test
    void aThreadSpawnedAfterTheLoopHasEndedRuns() {
        loops.close(Duration.ZERO);
        var late = Spawned.on(loop, () -> {
            LockSupport.parkNanos(1);
            return Carriers.current() + " " + loop.isCarrying();
        });
        assertThat(late.value()).startsWith("ForkJoinPool").endsWith("false");
    }

    @Test
    void noThreadIsLostThatIsWokenWhileItsLoopEnds() throws Exception {
        for (int round = 0; round < 150; round++) {
            var small = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(Scheduler.LOOP));
            var busy = new ArrayList<Spawned<Integer>>();
            Set<Thread> waking = ConcurrentHashMap.newKeySet();
            var over = new CountDownLatch(1);
            for (int i = 0; i < 50; i++) {
                busy.add(Spawned.on(small.next(), () -> {
                    waking.add(Thread.currentThread());
                    while (over.getCount() > 0) LockSupport.park();
                    return 0;
                }));
            }
            var waker = Spawned.onPlatformThread(() -> {
                while (over.getCount() > 0) waking.forEach(LockSupport::unpark);
                waking.forEach(LockSupport::unpark);
                return null;
            });
            var group = ((io.penstock.net.internal.NettyLoop) small.next()).eventLoop();
            group.shutdownGracefully(0, 0, java.util.concurrent.TimeUnit.MILLISECONDS)
                    .syncUninterruptibly();
            over.countDown();
            waker.value();
            waking.forEach(LockSupport::unpark);
            busy.forEach(Spawned::value);
            small.close(Duration.ofSeconds(1));
        }
    }

    // ---- what tasks throw

    @Test
    void whatATaskThrowsEndsNothingElse() throws IOException {
        try (var logged = Logged.by(Loop.class)) {
            loop.spawn("a", () -> {
                throw new IOException("on purpose");
            });
            loop.spawn("b", () -> {
                throw new AssertionError("on purpose");
            });
            assertThat(Spawned.on(loop, Carriers::isLoop).value()).isTrue();
            assertThat(logged.messages(Level.ERROR)).containsExactly("a failed", "b failed");
        }
    }
}
