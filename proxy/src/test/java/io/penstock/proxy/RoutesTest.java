package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which requests go where. */
class RoutesTest {
    private static final Handler NOBODY = _ -> {};

    private static Route route(String host, String path) {
        return new Route(host.equals("any") ? null : host, path, new Route.ToHandler(NOBODY, "test"));
    }

    private static String match(Routes routes, String host, String target) {
        Route route = routes.match(RequestHead.of("GET", target, Headers.of("Host", host)));
        return route == null ? "none" : (route.host() == null ? "any" : route.host()) + " " + route.path();
    }

    private static Routes all() {
        return new Routes(List.of(
                route("any", "/"),
                route("any", "/api"),
                route("any", "/api/v2/"),
                route("*.example.com", "/"),
                route("*.a.example.com", "/"),
                route("www.example.com", "/only"),
                route("[::1]", "/")));
    }

    @ParameterizedTest
    @CsvSource({
        "other.test, /, any /",
        "other.test, /apix, any /",
        "other.test, /api, any /api",
        "other.test, /api?q=/api/v2/, any /api",
        "other.test, /api/, any /api",
        "other.test, /api/v2, any /api",
        "other.test, /api/v2/, any /api/v2/",
        "other.test, /api/v2/x, any /api/v2/",
        "other.test, /API, any /",
        "www.example.com, /only/x, www.example.com /only",
        "WWW.Example.COM:8080, /only, www.example.com /only",
        "www.example.com., /only, www.example.com /only",
        "www.example.com, /other, *.example.com /",
        "x.example.com, /api, *.example.com /",
        "x.a.example.com, /, *.a.example.com /",
        "a.example.com, /, *.example.com /",
        "example.com, /, any /",
        "evilexample.com, /, any /",
        "[::1]:80, /, [::1] /",
        "[::1], /, [::1] /",
    })
    void theMostSpecificRouteWins(String host, String target, String expected) {
        assertThat(match(all(), host, target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/public/../api/x, any /api",
        "/public/%2e%2e/api/x, any /api",
        "/public/%2E./api/x, any /api",
        "/./api, any /api",
        "//api, any /api",
        "/%61pi/x, any /api",
        "/api/..%2fx, any /api",
        "/api/../x, any /",
        "/api/.., any /",
        "/../../api, any /api",
        "/api/v2/., any /api/v2/",
        "/api%2fv2%2fx, any /",
    })
    void aPathIsMatchedByWhatItMeans(String target, String expected) {
        assertThat(match(all(), "other.test", target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/a/b, /a/b",
        "/a/./b, /a/b",
        "/a/../b/, /b/",
        "/a/b/.., /a/",
        "/%7Ea%20b, /~a%20b",
        "/%zz, /%zz",
        "/%2, /%2"
    })
    void onlyWhatIsUnreservedIsDecoded(String path, String plain) {
        assertThat(Routes.plain(path)).isEqualTo(plain);
    }

    @Test
    void aRouteIsAddedAndTakenAway() {
        var routes = new Routes(List.of(route("any", "/")));
        Registration added = routes.add(route("any", "/x"));
        assertThat(match(routes, "a", "/x")).isEqualTo("any /x");
        added.close();
        assertThat(match(routes, "a", "/x")).isEqualTo("any /");
    }

    @Test
    void takingOneOfTwoEqualRoutesAwayLeavesTheOther() {
        var routes = new Routes(List.of());
        Registration first = routes.add(route("any", "/x"));
        routes.add(route("any", "/x"));
        first.close();
        first.close();
        assertThat(match(routes, "a", "/x")).isEqualTo("any /x");
    }

    @Test
    void aRouteThatCanNeverMatchIsRefused() {
        assertThatThrownBy(() -> route("any", "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> route("example.com:80", "/")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> route("", "/")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPluginsRouteIsAskedBeforeTheConfigurations() throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var web = Upstream.of("web", loops, List.of(new InetSocketAddress("127.0.0.1", 1)))) {
            var routes = new Routes(List.of(Route.to("www.example.com", "/", web), Route.to(null, "/hello", web)));
            routes.add(route("any", "/hello"));
            assertThat(routes.match(RequestHead.of("GET", "/hello/x", Headers.of("Host", "www.example.com"))))
                    .extracting(Route::target)
                    .isInstanceOf(Route.ToHandler.class);
            assertThat(routes.match(RequestHead.of("GET", "/other", Headers.of("Host", "www.example.com"))))
                    .extracting(Route::target)
                    .isInstanceOf(Route.ToUpstream.class);
        }
    }

    @Test
    void anotherPluginWithTheSameRouteIsARival() {
        var routes = new Routes(List.of());
        routes.add(new Route("A.test", "/x", new Route.ToHandler(NOBODY, "first")));
        var same = new Route("a.test", "/x", new Route.ToHandler(NOBODY, "second"));
        assertThat(routes.rival(same, "second")).isEqualTo("first");
        assertThat(routes.rival(same, "first")).as("itself, loaded again").isNull();
        assertThat(routes.rival(route("any", "/x"), "second")).isNull();
        assertThat(routes.rival(route("a.test", "/"), "second")).isNull();
    }
}
