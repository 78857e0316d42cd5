// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Where clients reach a broker.
public struct BrokerListener: Hashable, Sendable, Codable {
    /// The protocol spoken on a listener; the names are Kafka's.
    public enum SecurityProtocol: UInt8, Sendable, CaseIterable, Codable {
        case plaintext = 0
        case ssl = 1
        case saslPlaintext = 2
        case saslSSL = 3
    }

    public var name: String
    public var host: String
    public var port: UInt16
    public var securityProtocol: SecurityProtocol

    public init(name: String, host: String, port: UInt16, securityProtocol: SecurityProtocol) {
        self.name = name
        self.host = host
        self.port = port
        self.securityProtocol = securityProtocol
    }
}

/// Where other nodes and the myelin tool reach a node by RPC.
public struct RPCEndpoint: Hashable, Sendable, Codable {
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// A range of levels of a feature that a broker understands.
public struct FeatureRange: Hashable, Sendable, Codable {
    public var name: String
    public var levelMin: Int16
    public var levelMax: Int16

    public init(name: String, levelMin: Int16, levelMax: Int16) {
        self.name = name
        self.levelMin = levelMin
        self.levelMax = levelMax
    }

    public func contains(_ level: Int16) -> Bool { levelMin <= level && level <= levelMax }
}

/// A broker as it registered.
public struct BrokerRecord: Hashable, Sendable {
    public var id: NodeID
    public var epoch: BrokerEpoch
    public var incarnation: IncarnationID
    /// In the order of the broker's own setting.
    public var listeners: [BrokerListener]
    public var rack: String?
    /// Sorted by name.
    public var features: [FeatureRange]
    /// A fenced broker leads nothing and is not shown to clients.
    public var isFenced: Bool
    /// nil: it was registered by a version that had none, or has no RPC.
    public var rpc: RPCEndpoint?
    /// Names its data folder; another one than before means that the old data is gone. nil: not told.
    public var directory: IncarnationID?
    /// It leads nothing any more and leaves as soon as the others know.
    public var isInControlledShutdown: Bool
    /// It gets no replicas and is relieved of those it has.
    public var isDraining: Bool

    public init(
        id: NodeID, epoch: BrokerEpoch, incarnation: IncarnationID, listeners: [BrokerListener], rack: String? = nil,
        features: [FeatureRange] = [], isFenced: Bool = true, rpc: RPCEndpoint? = nil,
        directory: IncarnationID? = nil, isInControlledShutdown: Bool = false, isDraining: Bool = false
    ) {
        self.id = id
        self.epoch = epoch
        self.incarnation = incarnation
        self.listeners = listeners
        self.rack = rack
        self.features = features
        self.isFenced = isFenced
        self.rpc = rpc
        self.directory = directory
        self.isInControlledShutdown = isInControlledShutdown
        self.isDraining = isDraining
    }

    /// Whether it may lead and be in sync: not fenced, and not about to leave.
    public var isActive: Bool { !isFenced && !isInControlledShutdown }
}
