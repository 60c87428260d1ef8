package io.penstock.proxy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** The log of the proxy while a test runs. */
final class Captured implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> thrown = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.penstock");
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
            IThrowableProxy stack = event.getThrowableProxy();
            if (stack != null) thrown.add(stack.getClassName() + ": " + stack.getMessage());
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
        return thrown.size();
    }

    /** What had them, type and message. */
    List<String> thrown() {
        return thrown;
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        appender.stop();
    }
}
