package io.penstock.net.internal;

import io.penstock.net.Resolver.Service;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** The order of RFC 2782: the lowest priority first; within it at random, with the weights as chances. */
final class ServiceOrder {
    private ServiceOrder() {}

    static List<Service> of(List<Service> services, RandomGenerator random) {
        var byPriority = new TreeMap<Integer, List<Service>>();
        for (Service service : services) {
            byPriority
                    .computeIfAbsent(service.priority(), _ -> new ArrayList<>())
                    .add(service);
        }
        var order = new ArrayList<Service>(services.size());
        for (List<Service> equals : byPriority.values()) {
            // those without weight first: a small chance, but one
            equals.sort(Comparator.comparingInt(Service::weight));
            while (!equals.isEmpty()) order.add(draw(equals, random));
        }
        return order;
    }

    private static Service draw(List<Service> services, RandomGenerator random) {
        int sum = services.stream().mapToInt(Service::weight).sum();
        int drawn = random.nextInt(sum + 1);
        int i = 0;
        for (int reached = services.getFirst().weight();
                reached < drawn;
                reached += services.get(i).weight()) i++;
        return services.remove(i);
    }
}
