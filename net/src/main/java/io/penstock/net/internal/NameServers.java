package io.penstock.net.internal;

import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ResolverOptions;
import java.net.InetSocketAddress;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Asks name servers one question after the other: each server as often as configured, until one knows.
 *
 * <p>Netty encodes, sends, waits, and turns to TCP when an answer was cut. Every question leaves from a port of its own, which makes
 * answers hard to forge (RFC 5452).
 */
final class NameServers {
    /** What fits into a packet on nearly every way (DNS flag day 2020). */
    private static final int PAYLOAD = 1232;

    private static final int MOST_ALIASES = 8;

    private final ResolverOptions options;
    private final EventLoop loop;
    private final DnsNameResolver netty;

    NameServers(NettyLoops loops, ResolverOptions options) {
        this.options = options;
        this.loop = loops.loops().getFirst().eventLoop();
        this.netty = new DnsNameResolverBuilder(loop)
                .datagramChannelFactory(loops.sockets().nameClients())
                .socketChannelFactory(loops.sockets().longNameClients())
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .nameServerProvider(new SequentialDnsServerAddressStreamProvider(options.servers()))
                .queryTimeoutMillis(options.timeout().toMillis())
                .maxPayloadSize(PAYLOAD)
                .build();
    }

    /** Parks until a server has answered, that there is nothing included, or all have failed. */
    DnsAnswer ask(String name, DnsRecordType type) throws ConnectionException {
        DnsAnswer answer = askServers(name, type);
        long ttl = answer.ttlSeconds();
        for (int i = 0; answer.alias() != null; i++) {
            if (i == MOST_ALIASES)
                throw failure(Reason.UNRESOLVED, name, "it is an alias of an alias of an alias", null);
            answer = askServers(answer.alias(), type);
            ttl = Math.min(ttl, answer.ttlSeconds());
        }
        return answer.withTtl(ttl);
    }

    private DnsAnswer askServers(String name, DnsRecordType type) throws ConnectionException {
        ConnectionException last = null;
        for (int attempt = 0; attempt < options.attempts(); attempt++) {
            for (InetSocketAddress server : options.servers()) {
                try {
                    return askServer(server, name, type);
                } catch (ConnectionException e) {
                    if (e.reason() == Reason.INTERRUPTED) throw e;
                    if (last != null) e.addSuppressed(last);
                    last = e;
                }
            }
        }
        if (last == null) throw new IllegalStateException("there is no name server");
        throw last;
    }

    private DnsAnswer askServer(InetSocketAddress server, String name, DnsRecordType type) throws ConnectionException {
        AddressedEnvelope<? extends DnsResponse, InetSocketAddress> envelope = exchange(server, name, type);
        try {
            DnsResponseCode code = envelope.content().code();
            if (code.equals(DnsResponseCode.NXDOMAIN)) {
                return DnsAnswer.none("there is no such name (NXDOMAIN), says " + text(server));
            }
            if (!code.equals(DnsResponseCode.NOERROR)) {
                throw failure(Reason.UNRESOLVED, name, text(server) + " says " + code, null);
            }
            return DnsAnswer.of(name, type, envelope.content(), text(server));
        } catch (RuntimeException e) {
            throw failure(Reason.MALFORMED, name, text(server) + " answers nonsense: " + e, e);
        } finally {
            envelope.release();
        }
    }

    private AddressedEnvelope<? extends DnsResponse, InetSocketAddress> exchange(
            InetSocketAddress server, String name, DnsRecordType type) throws ConnectionException {
        var answer = new CompletableFuture<AddressedEnvelope<DnsResponse, InetSocketAddress>>();
        try {
            // on the loop, and only there: Netty has monitors inside, see SpinLock
            loop.execute(() -> netty.query(server, new DefaultDnsQuestion(name, type))
                    .addListener((Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> done) -> {
                        if (!done.isSuccess()) {
                            answer.completeExceptionally(done.cause());
                        } else if (!answer.complete(done.getNow())) {
                            done.getNow().release(); // nobody waits any longer
                        }
                    }));
            return answer.get();
        } catch (RejectedExecutionException e) {
            throw failure(Reason.CLOSED, name, "the loops have been closed", e);
        } catch (InterruptedException e) {
            answer.whenComplete((envelope, _) -> {
                if (envelope != null) envelope.release();
            });
            answer.cancel(false); // the question itself ends with its timeout
            Thread.currentThread().interrupt();
            throw failure(Reason.INTERRUPTED, name, "the waiting thread was interrupted", e);
        } catch (CancellationException | ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof DnsNameResolverTimeoutException) {
                throw failure(
                        Reason.TIMEOUT,
                        name,
                        text(server) + " has not answered within "
                                + options.timeout().toMillis() + " ms",
                        cause);
            }
            throw failure(Reason.FAILED, name, text(server) + " cannot be asked: " + cause, cause);
        }
    }

    private static String text(InetSocketAddress server) {
        return "the name server " + server.getAddress().getHostAddress() + ":" + server.getPort();
    }

    static ConnectionException failure(Reason reason, String name, String text, @Nullable Throwable cause) {
        return ConnectionException.of(reason, Phase.RESOLVE, null, name + ": " + text, cause);
    }
}
