package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.event.NetEvent;
import io.penstock.net.event.TimerEvent;
import io.penstock.net.event.VioEvent;
import io.penstock.proxy.HttpEvent;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EventTableTest {
    @Test
    void theTableForThoseWhoComeFromTrafficServerNamesEveryEvent() throws Exception {
        String page = Page.of("docs/coming-from-traffic-server.md").text();
        var named = Pattern.compile("`((?:Net|Timer|Vio|Http)Event)\\.(\\w+)`")
                .matcher(page)
                .results()
                .map(match -> match.group(1) + "." + match.group(2))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(named)
                .containsExactlyElementsOf(Stream.of(NetEvent.class, TimerEvent.class, VioEvent.class, HttpEvent.class)
                        .flatMap(family -> Stream.of(family.getPermittedSubclasses())
                                .map(event -> family.getSimpleName() + "." + event.getSimpleName()))
                        .sorted()
                        .toList());
    }
}
