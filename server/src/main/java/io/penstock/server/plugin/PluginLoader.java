package io.penstock.server.plugin;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;

/**
 * Defines the classes of one plugin and of its libraries; what it does not find here comes from the program, never from another plugin.
 * The program is asked first, so that a plugin and Penstock mean the same class by a name that both know.
 */
final class PluginLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    private final Map<String, byte[]> classes;

    PluginLoader(String file, Map<String, byte[]> classes, List<URL> libraries, ClassLoader parent) {
        super("plugin " + file, libraries.toArray(URL[]::new), parent);
        this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        return bytes == null ? super.findClass(name) : defineClass(name, bytes, 0, bytes.length);
    }
}
