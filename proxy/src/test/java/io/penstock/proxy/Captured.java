package io.penstock.proxy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;

/** The log of the proxy while a test runs. */
final class Captured implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AtomicInteger stacks = new AtomicInteger();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.penstock");
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
            if (event.getThrowableProxy() != null) stacks.incrementAndGet();
        }
    };

    private Captured() {
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
    }

    /** With what that class says at INFO. */
    static Captured infoOf(Class<?> teller) {
        ((Logger) LoggerFactory.getLogger(teller)).setLevel(Level.INFO);
        return new Captured();
    }

    static Captured log() {
        return new Captured();
    }

    List<String> lines() {
        return lines;
    }

    /** How many lines had one. */
    int stacks() {
        return stacks.get();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        appender.stop();
    }
}
