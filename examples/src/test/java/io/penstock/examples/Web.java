package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Clients that are not ours. */
final class Web {
    static HttpResponse<String> get(String url, String... headers) throws Exception {
        try (var client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
            if (headers.length > 0) request.headers(headers);
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    /** What curl says to these arguments. Skips the test where there is none, and fails it where {@code CI=true}. */
    static String curl(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "30"));
        command.addAll(List.of(arguments));
        try {
            Process curl = new ProcessBuilder(command).redirectErrorStream(true).start();
            return new String(curl.getInputStream().readAllBytes(), UTF_8);
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) fail("curl must be installed where CI=true", e);
            return abort("curl is not installed");
        }
    }

    private Web() {}
}
