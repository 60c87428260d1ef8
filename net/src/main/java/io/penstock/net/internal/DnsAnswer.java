package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsPtrRecord;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import io.penstock.net.Resolver.Service;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a name server has said about one name and type.
 *
 * @param addresses of A and AAAA
 * @param services of SRV
 * @param alias the name that must be asked for instead; null when nothing is left to be asked
 * @param ttlSeconds how long it is true
 * @param says who has said so, and what, for messages
 */
record DnsAnswer(
        List<InetAddress> addresses,
        List<Service> services,
        @Nullable String alias,
        long ttlSeconds,
        String says) {
    static final int A_SIZE = 4;
    static final int AAAA_SIZE = 16;

    static DnsAnswer none(String says) {
        return new DnsAnswer(List.of(), List.of(), null, 0, says);
    }

    boolean isEmpty() {
        return addresses.isEmpty() && services.isEmpty();
    }

    /**
     * Reads the records of the name, and of the name that it is an alias for, and so on.
     *
     * @throws IllegalArgumentException when a record does not have its form
     */
    static DnsAnswer of(String name, DnsRecordType type, DnsResponse response, String server) {
        int count = response.count(DnsSection.ANSWER);
        var aliases = new HashMap<String, DnsRecord>();
        for (int i = 0; i < count; i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            if (record.type().equals(DnsRecordType.CNAME)) aliases.put(canonical(record.name()), record);
        }
        long ttl = Long.MAX_VALUE;
        String owner = canonical(name);
        var visited = new HashSet<String>();
        for (DnsRecord alias = aliases.get(owner); alias != null; alias = aliases.get(owner)) {
            if (!visited.add(owner)) throw new IllegalArgumentException(name + " is an alias for itself");
            ttl = Math.min(ttl, alias.timeToLive());
            owner = canonical(target(alias));
        }
        var addresses = new ArrayList<InetAddress>();
        var services = new ArrayList<Service>();
        for (int i = 0; i < count; i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            if (!record.type().equals(type) || !canonical(record.name()).equals(owner)) continue;
            ttl = Math.min(ttl, record.timeToLive());
            ByteBuf content = ((ByteBufHolder) record).content();
            if (type.equals(DnsRecordType.SRV)) {
                services.add(service(content.duplicate()));
            } else {
                addresses.add(address(content, type.equals(DnsRecordType.A) ? A_SIZE : AAAA_SIZE));
            }
        }
        boolean empty = addresses.isEmpty() && services.isEmpty();
        String further = empty && !visited.isEmpty() ? owner : null;
        String says = server + " knows no " + type.name() + " record of it";
        return new DnsAnswer(
                List.copyOf(addresses), List.copyOf(services), further, empty && further == null ? 0 : ttl, says);
    }

    DnsAnswer withTtl(long seconds) {
        return new DnsAnswer(addresses, services, alias, seconds, says);
    }

    private static String canonical(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower : lower + ".";
    }

    private static String target(DnsRecord alias) {
        if (alias instanceof DnsPtrRecord named) return named.hostname();
        return DefaultDnsRecordDecoder.decodeName(
                ((DnsRawRecord) alias).content().duplicate());
    }

    private static InetAddress address(ByteBuf content, int size) {
        if (content.readableBytes() != size) throw new IllegalArgumentException("an address of another size");
        var bytes = new byte[size];
        content.getBytes(content.readerIndex(), bytes);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Service service(ByteBuf content) {
        if (content.readableBytes() < 7) throw new IllegalArgumentException("a service without a target");
        int priority = content.readUnsignedShort();
        int weight = content.readUnsignedShort();
        int port = content.readUnsignedShort();
        String host = DefaultDnsRecordDecoder.decodeName(content);
        return new Service(
                host.length() > 1 && host.endsWith(".") ? host.substring(0, host.length() - 1) : host,
                port,
                priority,
                weight);
    }
}
