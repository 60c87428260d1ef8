package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/** Asks the operating system by way of the JDK, which blocks, so on a worker. */
public record JdkResolver(Loops loops) implements Resolver {
    @Override
    public List<InetAddress> resolve(String host) throws ConnectionException {
        var peer = InetSocketAddress.createUnresolved(host, 0);
        try {
            return List.of(loops.next().offload(() -> InetAddress.getAllByName(host)));
        } catch (UnknownHostException e) {
            throw ConnectionException.of(
                    Reason.UNRESOLVED, Phase.RESOLVE, peer, "the operating system knows no such name", e);
        } catch (RejectedExecutionException e) {
            throw ConnectionException.of(
                    Reason.FAILED, Phase.RESOLVE, peer, "no worker can be had to resolve the name", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, Phase.RESOLVE, peer);
        } catch (Exception e) {
            throw Failures.of(e, Phase.RESOLVE, peer);
        }
    }
}
