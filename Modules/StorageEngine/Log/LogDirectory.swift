// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The data folder that holds the partition folders of one disk: what is in it and whether it may be written to.
public struct LogDirectory: Sendable {
    public enum Health: Hashable, Sendable {
        case healthy
        /// The disk has no room: appends are refused, reads and deletions go on. Heals when space is back.
        case full(DiskFault)
        /// A synchronize failed: nothing more is written until the process starts again.
        case failed(DiskFault)
    }

    /// A partition folder found on disk.
    public struct Found: Hashable, Sendable {
        public let folder: String
        public let topicName: String
        public let index: PartitionIndex
        /// From `partition.metadata`.
        public let topic: TopicID
    }

    /// What `scan` found, each list by name.
    public struct Contents: Sendable {
        public var partitions: [Found] = []
        /// Folders of deleted partitions that still have to be removed with `submitRemove`.
        public var leftovers: [String] = []
        /// Folders named like a partition whose metadata cannot be read.
        public var faults: [(folder: String, fault: OpenFault)] = []
    }

    public private(set) var health: Health = .healthy

    /// - Parameter reserveByteCount: Size of the file that is given up when the disk is full, so that metadata still fits.
    public init(reserveByteCount: Int64 = 8 << 20, on disk: any Disk) throws(DiskFault) {
        preconditionFailure("drawn, not built")
    }

    /// Lists partition folders without opening their logs.
    public func scan(on disk: any Disk) throws(DiskFault) -> Contents { preconditionFailure("drawn, not built") }

    /// Folder of a partition: Kafka's `<topic>-<index>`.
    public static func folder(topicName: String, index: PartitionIndex) -> String { "\(topicName)-\(index)" }

    /// Takes note of a fault that an operation in this directory met: full, failed, or of that operation alone.
    public mutating func note(_ fault: DiskFault, on disk: any Disk) { preconditionFailure("drawn, not built") }

    /// When full: asks how much is free, and becomes healthy again once the reserve fits twice.
    public mutating func checkSpace(on disk: any Disk) throws(DiskFault) { preconditionFailure("drawn, not built") }
}
