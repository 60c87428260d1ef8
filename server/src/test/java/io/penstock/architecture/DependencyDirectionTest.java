package io.penstock.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dependencies point one way: server, proxy, http, net. The testkit knows net only, and nothing that ships knows it. */
class DependencyDirectionTest {
    @ParameterizedTest(name = "{0} does not know {1}")
    @CsvSource({
        "net, http",
        "net, proxy",
        "net, server",
        "net, testkit",
        "http, proxy",
        "http, server",
        "http, testkit",
        "proxy, server",
        "proxy, testkit",
        "server, testkit",
        "testkit, http",
        "testkit, proxy",
        "testkit, server",
    })
    void dependenciesPointOneWay(String lower, String upper) {
        noClasses()
                .that()
                .resideInAPackage("io.penstock." + lower + "..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.penstock." + upper + "..")
                .check(Production.CLASSES);
    }
}
