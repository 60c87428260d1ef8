package io.penstock.examples.docker;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** All scenarios in one way to an engine, some at a time since most of them wait most of the time. */
final class Matrix {
    private static final int AT_A_TIME = 6;

    static Stream<DynamicTest> of(Docker docker) throws Exception {
        docker.run("run", "-d", "--name", docker.box(), "any", "sleep", "600").end();
        var executor = Executors.newFixedThreadPool(
                AT_A_TIME, Thread.ofPlatform().daemon().factory());
        return Scenario.all()
                .map(scenario -> {
                    var done = executor.submit(() -> {
                        scenario.steps().take(docker);
                        return scenario;
                    });
                    return DynamicTest.dynamicTest(scenario.name(), () -> {
                        try {
                            done.get();
                        } catch (ExecutionException e) {
                            throw e.getCause();
                        }
                    });
                })
                .toList()
                .stream()
                .onClose(executor::shutdown);
    }
}
