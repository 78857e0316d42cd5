// SPDX-License-Identifier: Apache-2.0

import Transport
import WireProtocol

/// Explains why a node could not be asked, by looking at its address from here.
struct Diagnosis {
    static let checkName = "node-reachable"

    private static let kafkaPortDefault = 9092
    private static let adminPortDefault = 9644

    let address: NetworkAddress
    let error: RPCError
    let probe: (NetworkAddress) -> PortProbe.Finding

    init(
        _ address: NetworkAddress, _ error: RPCError,
        probe: @escaping (NetworkAddress) -> PortProbe.Finding = { PortProbe(address: $0).run() }
    ) {
        self.address = address
        self.error = error
        self.probe = probe
    }

    /// What was found, worst first.
    var findings: [Admin.Finding] {
        switch probe(address) {
        case .unknownHost:
            [
                finding(
                    "the name \(address.host) does not resolve",
                    "Check the spelling of the address and the name service of this machine.",
                    "getent hosts \(address.host)")
            ]
        case .closed: [closed]
        case .silent:
            [
                finding(
                    "\(address) does not answer at all",
                    "The host is down, the address is wrong, or a firewall drops what is sent to port \(address.port).",
                    "ping -c 1 \(address.host)")
            ]
        case .unreachable(let reason):
            [
                finding(
                    "\(address) cannot be reached: \(reason)", "Check the network and the route to \(address.host).", ""
                )
            ]
        case .speaks(let speech): [spoken(speech)]
        }
    }

    private var closed: Admin.Finding {
        let kafka = NetworkAddress(host: address.host, port: Self.kafkaPortDefault)
        let admin = NetworkAddress(host: address.host, port: Self.adminPortDefault)
        if address.port != kafka.port, probe(kafka) == .speaks(.kafka) {
            return finding(
                "nothing listens at \(address), but Kafka clients are served at \(kafka)",
                "The node runs with another RPC port, or does not let this machine reach it: see its myelin.rpc.port.",
                "curl -s http://\(admin)/readyz")
        }
        return finding(
            "nothing listens at \(address)",
            "Start a node there, or name one that runs with --cluster HOST:PORT.", "myelin-standalone --data ./data")
    }

    private func spoken(_ speech: PortProbe.Speech) -> Admin.Finding {
        let rpc = NetworkAddress(host: address.host, port: NetworkAddress.rpcPortDefault)
        let command = "myelin doctor --cluster \(rpc)"
        switch speech {
        case .kafka:
            return finding(
                "\(address) is a port for Kafka clients",
                "This tool needs the node's RPC port, 9190 unless configured.",
                command)
        case .http:
            return finding(
                "\(address) is an HTTP port",
                "8080 is the portal's, 8081 the registry's, 9644 that of metrics; this tool needs the RPC port, 9190.",
                command)
        case .tls:
            return finding(
                "\(address) speaks TLS", "Name a port that serves the RPC without TLS, 9190 unless configured.", command
            )
        case .unknown:
            return finding(
                "\(address) is open, but does not answer as a node does: \(error.message)",
                "Something else may listen there, or the node hangs: look at its log.", command)
        }
    }

    private func finding(_ summary: String, _ remedy: String, _ command: String) -> Admin.Finding {
        .with {
            $0.check = Self.checkName
            $0.severity = .critical
            $0.subject = "node \(address)"
            ($0.summary, $0.remedy, $0.command) = (summary, remedy, command)
        }
    }
}
