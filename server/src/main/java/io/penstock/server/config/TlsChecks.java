package io.penstock.server.config;

import io.netty.util.NetUtil;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsTrust;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** What must hold of {@code tls} sections and of the files they name, each mistake reported at its key. */
final class TlsChecks {
    private static final List<String> PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");

    /** Labels in ASCII, of which the first may stand for any, and the last is no number. */
    private static final Pattern ASKED = Pattern.compile("(\\*\\.)?([\\w-]+\\.)*[\\w-]*[a-zA-Z][\\w-]*");

    private final Source source;

    TlsChecks(Source source) {
        this.source = source;
    }

    void listener(Config.ListenerTls tls, Node section) {
        identity(tls.certificate(), tls.key(), section);
        at(section, "names")
                .ifPresent(names -> tls.names().forEach((name, identity) -> {
                    entry(names, name).ifPresent(entry -> {
                        asked(name, entry.getKeyNode());
                        identity(identity.certificate(), identity.key(), entry.getValueNode());
                    });
                }));
        trust(tls.trust(), tls.revoked(), section);
        protocols(tls.protocols(), section);
        boolean asked = tls.clientCertificates() != Config.ClientCertificates.NONE;
        if (asked && tls.trust().isEmpty()) {
            source.problem(
                    place(section, "client-certificates"),
                    "whose client certificates are believed? Name a file with their authorities: 'trust'");
        } else if (!asked && tls.trust().isPresent()) {
            source.problem(
                    place(section, "trust"),
                    "clients are not asked for a certificate; say 'client-certificates: required' or 'optional'");
        }
    }

    void upstream(Config.UpstreamTls tls, Node section) {
        if (tls.certificate().isPresent() && tls.key().isPresent()) {
            identity(tls.certificate().get(), tls.key().get(), section);
        } else if (tls.certificate().isPresent()) {
            source.problem(place(section, "certificate"), "a certificate needs its private key: 'key'");
        } else if (tls.key().isPresent()) {
            source.problem(place(section, "key"), "a key needs its certificate: 'certificate'");
        }
        tls.serverName().ifPresent(name -> host(name, place(section, "server-name")));
        trust(tls.trust(), tls.revoked(), section);
        protocols(tls.protocols(), section);
        if (!tls.verify() && tls.trust().isPresent()) {
            source.problem(
                    place(section, "verify"), "with 'verify: false' nobody looks at 'trust'; leave out one of them");
        }
    }

    /** The servers of one upstream are all secured, or none is: a pool of both would not tell who has read what. */
    void servers(Config.Upstream upstream, Node name) {
        boolean some = upstream.servers().stream().anyMatch(Server::https);
        boolean all = upstream.servers().stream().allMatch(Server::https);
        if (some && !all && upstream.tls().isEmpty()) {
            source.problem(
                    name,
                    "some of its servers are https and some are not: write https:// for all, or 'tls: {}' for the upstream");
        }
    }

    /** A server whose certificate must be for its own host. */
    void server(Server server, Node node) {
        if (server.address() instanceof Address.Tcp tcp && !tcp.host().isEmpty()) {
            host(tcp.host(), node);
        }
    }

    /** What a certificate can be for, and what is asked for when it is a name. */
    private void host(String host, Node node) {
        boolean address = NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
        try {
            if (!address) {
                new SNIHostName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
            }
        } catch (IllegalArgumentException _) {
            source.problem(
                    node,
                    "no certificate can be for '" + host + "': TLS needs a host such as origin.example, without a port;"
                            + " 'server-name' has one asked for that is not the server's");
        }
    }

    /** Anything else no client asks for in this form, and so its certificate would never be shown. */
    private void asked(String name, Node key) {
        if (!ASKED.matcher(name).matches()) {
            source.problem(
                    key,
                    "expected a name that clients ask for, such as example.com, or *.example.com for any one label, not '"
                            + name + "'");
        }
    }

    private void identity(Path certificate, Path key, Node section) {
        Node keyPlace = place(section, "key");
        if (!isRead(place(section, "certificate"), () -> TlsTrust.fromPem(certificate))) {
            return;
        }
        isRead(keyPlace, () -> TlsIdentity.fromPem(certificate, key));
    }

    private void trust(Optional<Path> authorities, Optional<Path> revoked, Node section) {
        if (authorities.isEmpty()) {
            if (revoked.isPresent()) {
                source.problem(place(section, "revoked"), "revocation lists need the authorities they are of: 'trust'");
            }
            return;
        }
        if (isRead(place(section, "trust"), () -> TlsTrust.fromPem(authorities.get())) && revoked.isPresent()) {
            isRead(place(section, "revoked"), () -> TlsTrust.fromPem(authorities.get(), revoked.get()));
        }
    }

    private void protocols(List<String> protocols, Node section) {
        for (String each : protocols) {
            if (!PROTOCOLS.contains(each)) {
                source.problem(
                        place(section, "protocols"),
                        "'" + each + "' is no protocol that is spoken"
                                + Nearest.suggest(each, PROTOCOLS, "choose from"));
            }
        }
    }

    @FunctionalInterface
    private interface Reading {
        Object read() throws IOException;
    }

    private boolean isRead(Node at, Reading reading) {
        try {
            reading.read();
            return true;
        } catch (NoSuchFileException e) {
            source.problem(at, "there is no file " + e.getFile());
        } catch (AccessDeniedException e) {
            source.problem(at, "permission denied to read " + e.getFile());
        } catch (IOException e) {
            source.problem(at, "it cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            source.problem(at, String.valueOf(e.getMessage()));
        }
        return false;
    }

    /** The value of a key; the section itself where that was left out. */
    private static Node place(Node section, String key) {
        return at(section, key).orElse(section);
    }

    private static Optional<Node> at(Node section, String key) {
        return entry(section, key).map(NodeTuple::getValueNode);
    }

    private static Optional<NodeTuple> entry(Node section, String key) {
        if (!(section instanceof MappingNode mapping)) {
            return Optional.empty();
        }
        return mapping.getValue().stream()
                .filter(entry -> entry.getKeyNode() instanceof ScalarNode name
                        && name.getValue().equals(key))
                .findFirst();
    }
}
