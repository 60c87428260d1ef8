package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.LoopOptions.Transport;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is decided once in the life of a JVM, and so needs one to itself. */
class FreshJvmTest {
    private static final String POLLERS_OPEN = "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED";

    @Test
    void withoutTheFlagThreadsRunOnTheDefaultSchedulerAndOneLineSaysSo() throws Exception {
        String output = ForkedJvm.run(ClosedJavaLang.class);
        assertThat(output)
                .contains("scheduler default (start the JVM with --add-opens java.base/java.lang=ALL-UNNAMED")
                .contains("ran on ForkJoinPool")
                .contains("reply hello")
                .contains("refused The loop scheduler was asked for, but: default (start the JVM with --add-opens");
        assertThat(output.lines().filter(line -> line.contains("Virtual threads use the JDK's default scheduler")))
                .hasSize(1);
    }

    /** Opens loops, uses them, and asks for what cannot be had. */
    static final class ClosedJavaLang {
        public static void main(String[] args) throws Exception {
            try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
                System.out.println("scheduler " + loops.scheduler());
                System.out.println(
                        "ran on " + Spawned.on(loops.next(), Carriers::current).value());
                var pair = Connection.pair(loops.next(), loops.next());
                var reply = Spawned.on(loops.next(), () -> pair.second().receiveLine());
                pair.first().send("hello\n");
                System.out.println("reply " + reply.value());
                pair.first().close();
                pair.second().close();
            }
            try (var loops = Loops.open(LoopOptions.DEFAULT.withScheduler(Scheduler.LOOP))) {
                System.out.println("opened " + loops.scheduler());
            } catch (IllegalStateException e) {
                System.out.println("refused " + e.getMessage());
            }
        }
    }

    @Test
    void theFirstBlockingSocketOfTheJvmOnALoopDoesNotMoveTheJdksPollersThere() throws Exception {
        String output = ForkedJvm.run(FirstSocket.class, ForkedJvm.OPEN, POLLERS_OPEN);
        assertThat(output)
                .contains("first read 7 on penstock-loop")
                .contains("pollers [ForkJoinPool]")
                .contains("loop turns true");
    }

    /** Reads from a JDK socket on a loop before anything else in this JVM does. */
    static final class FirstSocket {
        public static void main(String[] args) throws Exception {
            try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(Scheduler.LOOP));
                    var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                var reading = Spawned.on(loops.next(), () -> read(server));
                try (var accepted = server.accept()) {
                    reading.parked();
                    accepted.getOutputStream().write(7);
                    System.out.println("first read " + reading.value());
                }
                System.out.println("pollers " + schedulersOfPollers());
                System.out.println("loop turns "
                        + Spawned.on(loops.next(), Carriers::isLoop).value());
            }
        }

        private static String read(ServerSocket server) throws IOException {
            try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                return socket.getInputStream().read() + " on " + Carriers.current();
            }
        }

        /** The types of the schedulers behind all pollers; the JDK has no other way to ask. */
        private static String schedulersOfPollers() throws ReflectiveOperationException {
            Object pollers = field("sun.nio.ch.Poller", "POLLERS", null);
            var types = new TreeSet<String>();
            for (Object poller : (Object[]) field("sun.nio.ch.Poller$Pollers", "readPollers", pollers)) {
                Object owner = field("sun.nio.ch.Poller", "owner", poller);
                Object scheduler = field("java.lang.VirtualThread", "scheduler", owner);
                types.add(scheduler.getClass().getSimpleName());
            }
            return types.toString();
        }

        private static Object field(String type, String name, Object of) throws ReflectiveOperationException {
            Field field = Class.forName(type).getDeclaredField(name);
            field.setAccessible(true);
            return field.get(of);
        }
    }

    @Test
    void withoutTheIoUringJarEverythingElseWorks() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(":"))
                .filter(entry -> !entry.contains("io_uring"))
                .collect(Collectors.joining(":"));
        assertThat(ForkedJvm.run(classPath, WithoutIoUring.class, ForkedJvm.OPEN))
                .contains("transport epoll")
                .contains("transport nio")
                .contains("refused The transport io_uring is not available here");
    }

    /** Opens loops on every transport. */
    static final class WithoutIoUring {
        public static void main(String[] args) {
            for (Transport transport : Transport.values()) {
                try (var loops = Loops.open(LoopOptions.DEFAULT.withTransport(transport))) {
                    System.out.println("transport " + loops.transport());
                } catch (IllegalStateException e) {
                    System.out.println("refused " + e.getMessage());
                }
            }
        }
    }
}
