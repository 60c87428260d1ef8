package io.penstock.server.plugin;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;

/**
 * A compiled plugin, not yet running: none of its code has been executed.
 *
 * @param <P> what every plugin implements
 * @param name the simple name of the class
 * @param file where it was read from, for messages
 */
public record PluginClass<P>(String name, Path file, Class<? extends P> type) {
    /**
     * Makes an instance with the constructor without parameters; on the calling thread.
     *
     * @throws PluginException when the class or its constructor fails, with that failure as the cause
     */
    public P instantiate() throws PluginException {
        try {
            return type.getConstructor().newInstance();
        } catch (InvocationTargetException e) {
            throw new PluginException(file + ": the constructor of " + name + " failed: " + e.getCause(), e.getCause());
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new PluginException(file + ": " + name + " cannot be loaded: " + e, e);
        }
    }
}
