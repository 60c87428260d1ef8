package io.penstock.server.plugin;

import java.util.Map;

/** Defines the classes of one plugin; what it does not find here comes from the program, never from another plugin. */
final class PluginLoader extends ClassLoader {
    static {
        registerAsParallelCapable();
    }

    private final Map<String, byte[]> classes;

    PluginLoader(String file, Map<String, byte[]> classes, ClassLoader parent) {
        super("plugin " + file, parent);
        this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }
}
