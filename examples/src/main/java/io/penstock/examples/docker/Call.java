package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.RequestHead;
import java.net.URLDecoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a request asks for.
 *
 * @param what method and path, without the version of the API, with {@code *} in the place of whom it is about
 * @param whom the id or name of a container or a job; empty where there is none
 * @param query as on the wire
 */
record Call(String what, String whom, String query) {
    private static final Pattern PATH = Pattern.compile("(?:/v[\\d.]+)?(/.*)");
    private static final Pattern ONE = Pattern.compile("/(containers|exec)/([^/]+)(/.+)?");

    static Call of(RequestHead request) {
        Matcher versioned = PATH.matcher(request.path());
        String path = versioned.matches() ? versioned.group(1) : request.path();
        String query = request.query() == null ? "" : request.query();
        Matcher one = ONE.matcher(path);
        if (!one.matches() || (one.group(3) == null && !request.method().equals("DELETE"))) {
            return new Call(request.method() + " " + path, "", query);
        }
        String action = one.group(3) == null ? "" : one.group(3);
        return new Call(request.method() + " /" + one.group(1) + "/*" + action, decoded(one.group(2)), query);
    }

    /** The value of a parameter of the query; empty when there is none. */
    String parameter(String name) {
        for (String each : query.split("&")) {
            if (each.startsWith(name + "=")) return decoded(each.substring(name.length() + 1));
        }
        return "";
    }

    boolean flag(String name) {
        String value = parameter(name);
        return value.equals("1") || value.equalsIgnoreCase("true");
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, UTF_8);
    }
}
