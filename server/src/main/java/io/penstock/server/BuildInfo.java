package io.penstock.server;

import io.netty.util.Version;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.Provider;
import java.security.Security;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

/** What this program is made of. */
final class BuildInfo {
    private static final String COORDINATES = "/META-INF/maven/io.penstock/penstock-server/pom.properties";

    private BuildInfo() {}

    /** The version of the jar; {@code development} when the classes are not in one. */
    static String version() {
        try (InputStream pom = BuildInfo.class.getResourceAsStream(COORDINATES)) {
            if (pom == null) {
                return "development";
            }
            Properties properties = new Properties();
            properties.load(pom);
            return properties.getProperty("version", "development");
        } catch (IOException e) {
            throw new UncheckedIOException("the jar of Penstock is damaged", e);
        }
    }

    /** What decides how it runs here, by name, in the order to print. Opens an event loop for a moment. */
    static Map<String, String> details() {
        Map<String, String> details = new LinkedHashMap<>();
        details.put("java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        details.put("jdk", System.getProperty("java.home"));
        details.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        Version netty = Version.identify().get("netty-transport");
        details.put("netty", netty == null ? "unknown" : netty.artifactVersion());
        try (Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            details.put("transport", loops.transport());
            details.put("scheduler", loops.scheduler());
        }
        details.put("tls", tls());
        return details;
    }

    /** BoringSSL when its classes are on the class path, else what the JDK brings. */
    private static String tls() {
        if (BuildInfo.class.getResource("/io/netty/internal/tcnative/SSLContext.class") != null) {
            return "BoringSSL (netty-tcnative)";
        }
        Provider jdk = Objects.requireNonNull(Security.getProvider("SunJSSE"), "a JDK without SunJSSE");
        return "JDK (" + jdk.getName() + " " + jdk.getVersionStr() + ")";
    }
}
