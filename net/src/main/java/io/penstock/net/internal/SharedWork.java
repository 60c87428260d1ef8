package io.penstock.net.internal;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Work that is done once for all who want it at the same time, each on a thread of its own, and not more than so many at once: the others
 * wait for their turn. What nobody wants any longer is interrupted.
 */
final class SharedWork<K, R> {
    private final NettyLoops loops;
    private final int most;
    private final Function<K, R> work;

    private final SpinLock lock = new SpinLock();
    private final Map<K, Job> jobs = new HashMap<>();
    private final Set<Job> queued = new LinkedHashSet<>();
    private int running;

    /** @param work which parks, and throws nothing */
    SharedWork(NettyLoops loops, int most, Function<K, R> work) {
        this.loops = loops;
        this.most = most;
        this.work = work;
    }

    /** Has the result posted. */
    void join(K key, Mailbox<R> to) {
        Job fresh = null;
        lock.lock();
        try {
            Job job = jobs.get(key);
            if (job == null) {
                job = new Job(key);
                jobs.put(key, job);
                if (running < most) {
                    running++;
                    fresh = job;
                } else {
                    queued.add(job);
                }
            }
            job.waiting.add(to);
        } finally {
            lock.unlock();
        }
        if (fresh != null) fresh.start();
    }

    /** To be called by everybody who has joined, with or without a result. */
    void leave(K key, Mailbox<R> from) {
        Job vain;
        lock.lock();
        try {
            vain = jobs.get(key);
            if (vain == null || !vain.waiting.remove(from) || !vain.waiting.isEmpty()) return;
            jobs.remove(key);
            if (queued.remove(vain)) return;
        } finally {
            lock.unlock();
        }
        vain.abandon();
    }

    private void finish(Job job, R result) {
        Job next = null;
        lock.lock();
        try {
            jobs.remove(job.key, job); // from now on nobody joins or leaves it
            var first = queued.iterator();
            if (first.hasNext()) {
                next = first.next();
                first.remove();
            } else {
                running--;
            }
        } finally {
            lock.unlock();
        }
        for (var each : job.waiting) each.post(result);
        if (next != null) next.start();
    }

    private final class Job {
        private final K key;
        private final Set<Mailbox<R>> waiting = new LinkedHashSet<>();
        private volatile @Nullable Thread thread;
        private volatile boolean abandoned;

        Job(K key) {
            this.key = key;
        }

        void start() {
            Thread started = loops.here().spawn("ask for " + key, () -> finish(this, work.apply(key)));
            thread = started;
            if (abandoned) started.interrupt();
        }

        void abandon() {
            abandoned = true;
            Thread started = thread;
            if (started != null) started.interrupt();
        }
    }
}
