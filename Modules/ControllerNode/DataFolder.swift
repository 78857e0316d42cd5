// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import StorageEngine

/// Who a data folder belongs to: its file `meta.properties`.
///
/// - SeeAlso: docs/formats/metadata.md
public struct DataFolderIdentity: Hashable, Sendable {
    public static let file = "meta.properties"
    static let version = 1
    /// Kafka's file of the same name has no such key.
    private static let product = "myelin"

    public let clusterID: ClusterID
    public let node: NodeID
    /// Names this folder for ever, also when it is mounted elsewhere.
    public let directory: IncarnationID
    public let role: DataFolderRole
}

/// What lives in a data folder. Ids of brokers and of controllers are counted apart.
public enum DataFolderRole: String, Hashable, Sendable {
    /// A broker, or a node that is its own cluster. Not written: folders had no role before there were others.
    case broker
    /// A controller that is no broker.
    case controller
}

/// Why a data folder was not taken. The description is one sentence for people; nothing was changed.
public enum DataFolderRefusal: Error, Hashable, Sendable {
    case foreignNode(found: NodeID, expected: NodeID)
    case foreignCluster(found: ClusterID, expected: ClusterID)
    case foreignRole(found: DataFolderRole, expected: DataFolderRole)
    /// A controller's folder has to be given to a cluster first.
    case unformatted
    case unknownVersion(String)
    /// Apache Kafka made it.
    case kafka
    /// It holds partitions, but does not say whose.
    case unidentified(folder: String)
    /// The file does not read; `key` is what is missing or wrong.
    case malformed(key: String)
    case disk(DiskFault)
}

extension DataFolderRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .foreignNode(let found, let expected):
            "the data folder belongs to node \(found), and this is node \(expected): set node.id or use another folder"
        case .foreignCluster(let found, let expected):
            "the data folder belongs to cluster \(found), not to \(expected): use another folder"
        case .foreignRole(let found, let expected):
            "the data folder belongs to a \(found.rawValue), and this is a \(expected.rawValue): use another folder"
        case .unformatted:
            "the data folder belongs to no cluster yet: run 'myelin-controller format --cluster-id ID' with it once"
        case .unknownVersion(let version):
            "the data folder has format version \(version), this program knows version \(DataFolderIdentity.version)"
        case .kafka: "the data folder belongs to Apache Kafka, whose files cannot be taken over: use another folder"
        case .unidentified(let folder):
            "the data folder holds \(folder) but no \(DataFolderIdentity.file) that says whose it is: use another folder"
        case .malformed(let key): "\(DataFolderIdentity.file) in the data folder has no valid \(key)"
        case .disk(let fault):
            "the data folder cannot be used: \(fault.operation) of \(fault.target), errno \(fault.errno)"
        }
    }
}

extension DataFolderIdentity {
    /// Reads whose folder it is, or makes it this node's when it is new.
    ///
    /// - Parameters:
    ///   - cluster: The cluster it must belong to; nil: any, and a new one for a new folder.
    ///   - entropy: For new ids.
    public init(
        opening disk: any Disk, node: NodeID, role: DataFolderRole = .broker, cluster: ClusterID? = nil,
        using entropy: inout Entropy
    ) throws(DataFolderRefusal) {
        if let known = try Self.existing(on: disk, node: node, role: role) {
            self = known
            if let cluster, cluster != clusterID { throw .foreignCluster(found: clusterID, expected: cluster) }
            return
        }
        self.init(
            clusterID: cluster ?? .random(using: &entropy), node: node, directory: .random(using: &entropy), role: role)
        do throws(DiskFault) { try write(on: disk) } catch { throw .disk(error) }
    }

    /// Whose folder it is; nil for one that is new. Changes nothing.
    public static func existing(
        on disk: any Disk, node: NodeID, role: DataFolderRole = .broker
    ) throws(DataFolderRefusal) -> DataFolderIdentity? {
        guard let properties = try properties(on: disk) else {
            if let folder = try partitionFolder(on: disk) { throw .unidentified(folder: folder) }
            return nil
        }
        let identity = try parsed(properties)
        guard identity.role == role else { throw .foreignRole(found: identity.role, expected: role) }
        guard identity.node == node else { throw .foreignNode(found: identity.node, expected: node) }
        return identity
    }

    // MARK: Text

    private static func parsed(_ properties: [String: String]) throws(DataFolderRefusal) -> DataFolderIdentity {
        guard properties["product"] == product else { throw .kafka }
        guard let version = properties["version"] else { throw .malformed(key: "version") }
        guard version == String(Self.version) else { throw .unknownVersion(version) }
        guard let cluster = properties["cluster.id"].flatMap(ClusterID.init) else {
            throw .malformed(key: "cluster.id")
        }
        guard let node = properties["node.id"].flatMap({ Int32($0) }) else { throw .malformed(key: "node.id") }
        guard let directory = properties["directory.id"].flatMap(TopicID.init) else {
            throw .malformed(key: "directory.id")
        }
        guard let role = DataFolderRole(rawValue: properties["role"] ?? DataFolderRole.broker.rawValue) else {
            throw .malformed(key: "role")
        }
        return DataFolderIdentity(
            clusterID: cluster, node: NodeID(node),
            directory: IncarnationID(high: directory.high, low: directory.low), role: role)
    }

    private var text: String {
        """
        # Whose data this folder holds. Written once, when the folder was new.
        product=\(Self.product)
        version=\(Self.version)
        cluster.id=\(clusterID)
        node.id=\(node)
        directory.id=\(directory)
        \(role == .broker ? "" : "role=\(role.rawValue)\n")
        """
    }

    // MARK: Disk

    /// Keys and values of the file; nil when there is none.
    private static func properties(on disk: any Disk) throws(DataFolderRefusal) -> [String: String]? {
        guard disk.exists(file) else { return nil }
        let bytes: SharedBytes
        do throws(DiskFault) {
            let opened = try disk.open(file, .read)
            defer { disk.close(opened) }
            // Far more than the few lines that belong here.
            bytes = try disk.read(opened, at: 0, count: 64 << 10)
        } catch { throw .disk(error) }
        var properties: [String: String] = [:]
        for line in String(decoding: bytes.array, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard !line.hasPrefix("#"), let separator = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<separator])] = String(line[line.index(after: separator)...])
        }
        return properties
    }

    private static func partitionFolder(on disk: any Disk) throws(DataFolderRefusal) -> String? {
        do throws(DiskFault) {
            return try disk.list("").first { name in
                guard let dash = name.lastIndex(of: "-") else { return false }
                return dash > name.startIndex && Int32(name[name.index(after: dash)...]) != nil
            }
        } catch { throw .disk(error) }
    }

    /// After a crash the file is there whole, or the folder is still new.
    private func write(on disk: any Disk) throws(DiskFault) {
        let temporary = Self.file + ".tmp"
        let opened = try disk.open(temporary, .createOrOpen)
        defer { disk.close(opened) }
        try disk.truncate(opened, to: 0)
        try disk.write([SharedBytes(text)], to: opened, at: 0)
        try disk.synchronize(opened)
        try disk.rename(temporary, to: Self.file)
        try disk.synchronizeDirectory("")
    }
}
