// SPDX-License-Identifier: Apache-2.0

import AdminClient
import MyelinClient
import Transport
import WireProtocol

/// A command of the tool.
protocol ToolCommand {
    func run(in surroundings: Surroundings) async throws
}

/// A command that asks a node.
protocol NodeCommand: ToolCommand {
    var connection: ConnectionOptions { get }
    func run(_ node: NodeSession, in surroundings: Surroundings) async throws
}

extension NodeCommand {
    func run(in surroundings: Surroundings) async throws {
        try await asking(connection, in: surroundings) { node in try await run(node, in: surroundings) }
    }
}

/// Opens a client for the time of `body` and explains what the node refuses.
func asking(
    _ connection: ConnectionOptions, in surroundings: Surroundings, _ body: (NodeSession) async throws -> Void
) async throws {
    let address = try connection.address(in: surroundings)
    let node = NodeSession(client: try AdminClient(address: address.text, hello: .tool), address: address)
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(node))
    } catch let error as RPCError where error.code != .cancelled {
        result = .failure(node.explained(error))
    } catch let error as ClientError {
        // Who was interrupted learns no more than that.
        result = .failure(Task.isCancelled ? CancellationError() : Failure(error))
    } catch {
        result = .failure(error)
    }
    await node.client.close()
    try result.get()
}

/// The node that is asked, and why this one.
struct NodeAddress {
    enum Origin {
        case flag, environment, profile(String), builtIn
    }

    let text: String
    let origin: Origin

    static let builtIn = "127.0.0.1:\(NetworkAddress.rpcPortDefault)"
}

extension ConnectionOptions {
    /// Flag before variable before current profile before what is built in.
    func address(in surroundings: Surroundings) throws -> NodeAddress {
        if let cluster { return NodeAddress(text: try checked(cluster), origin: .flag) }
        if profile == nil, let variable = surroundings.environment["MYELIN_CLUSTER"], !variable.isEmpty {
            return NodeAddress(text: try checked(variable), origin: .environment)
        }
        let file = try ProfileFile.load(from: surroundings.profilePath)
        guard let name = profile ?? file.current else {
            return NodeAddress(text: NodeAddress.builtIn, origin: .builtIn)
        }
        guard let found = file[name] else { throw file.unknown(name) }
        return NodeAddress(text: try checked(found.cluster), origin: .profile(name))
    }

    private func checked(_ address: String) throws -> String {
        guard NetworkAddress(parsing: address) == nil else { return address }
        throw Failure.usage(
            "'\(address)' is no address", advice: ["Write host:port, for example \(NodeAddress.builtIn)."])
    }
}

/// An open client and how its failures are explained.
struct NodeSession: Sendable {
    let client: AdminClient
    let address: NodeAddress

    /// Opens a client for records, for the time of `body`.
    func withClient<Value>(_ body: (MyelinClient) async throws -> Value) async throws -> Value {
        let records = try MyelinClient(bootstrap: address.text, clientID: "myelin", createsTopics: false)
        let result: Result<Value, any Error>
        do { result = .success(try await body(records)) } catch { result = .failure(error) }
        await records.close()
        return try result.get()
    }

    /// What stands behind an error that ends the whole command.
    func explained(_ error: RPCError) -> Failure {
        switch error.code {
        case .connectionRefused, .unreachable:
            Failure("\(error.message)\(source)", advice: startAdvice)
        case .wrongMagic, .handshakeTimeout, .connectionLost, .headerChecksumMismatch, .invalidLength:
            Failure(
                "\(error.message)\(source)",
                advice: [
                    "Something else may answer there; the RPC port of a broker is 9190 unless configured otherwise.",
                    "More: myelin doctor --cluster \(address.text)",
                ])
        case .notSupported, .unknownMethod:
            Failure(error.message, advice: ["Compare the versions of tool and node: myelin version"])
        default: Failure(error)
        }
    }

    private var source: String {
        switch address.origin {
        case .flag, .builtIn: ""
        case .environment: " (from MYELIN_CLUSTER)"
        case .profile(let name): " (from profile '\(name)')"
        }
    }

    private var startAdvice: [String] {
        [
            "Start a node with: myelin-standalone --data ./data",
            "Or name one that runs: --cluster HOST:PORT. What is wrong: myelin doctor",
        ]
    }
}

extension Hello {
    static var tool: Hello {
        var hello = Hello.client()
        hello.software = "myelin \(toolVersion)"
        return hello
    }
}
