package io.penstock.testkit.internal;

import io.netty.util.ResourceLeakDetector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A detector that keeps its reports. Public because Netty makes it, if told to by its system property. */
public final class LeakRecorder<T> extends ResourceLeakDetector<T> {
    private static final Queue<String> RECORDS = new ConcurrentLinkedQueue<>();

    /** One of the two that Netty asks for by reflection. */
    @SuppressWarnings("deprecation") // the only constructors there are
    public LeakRecorder(Class<?> resource, int samplingInterval, long maxActive) {
        super(resource, samplingInterval, maxActive);
    }

    @SuppressWarnings("deprecation") // the only constructors there are
    public LeakRecorder(Class<?> resource, int samplingInterval) {
        super(resource, samplingInterval);
    }

    /** What was reported and not taken yet. */
    public static Queue<String> records() {
        return RECORDS;
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        RECORDS.add(resourceType + " " + records.strip());
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        RECORDS.add(resourceType + " without a record");
    }
}
