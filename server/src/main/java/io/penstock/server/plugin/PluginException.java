package io.penstock.server.plugin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plugins that cannot be used, with everything that is wrong with them, as a compiler shows it. */
public final class PluginException extends Exception {
    private final transient List<String> reports;

    PluginException(List<String> reports) {
        super(String.join("\n", reports));
        this.reports = List.copyOf(reports);
    }

    PluginException(String report, @Nullable Throwable cause) {
        super(report, cause);
        this.reports = List.of(report);
    }

    /** One for each file; most are of several lines. */
    public List<String> reports() {
        return reports;
    }
}
