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
        /// Topic from `partition.metadata`, index from the folder's name.
        public let partition: PartitionID
    }

    /// What `scan` found, each list by name.
    public struct Contents: Sendable {
        public var partitions: [Found] = []
        /// Folders of deleted partitions that still have to be removed with `submitRemove`.
        public var leftovers: [String] = []
        /// Folders named like a partition whose metadata cannot be read. Those that were never durable are not reported.
        public var faults: [(folder: String, fault: OpenFault)] = []
    }

    public private(set) var health: Health = .healthy
    /// Size of the file that is given up when the disk is full, so that metadata still fits.
    public let reserveByteCount: Int64

    private static let reservePath = "space.reserve"
    private static let deletedSuffix = "-delete"

    /// Makes the reserve when it is absent and there is room; without room the directory begins as full.
    public init(reserveByteCount: Int64 = 8 << 20, on disk: any Disk) throws(DiskFault) {
        self.reserveByteCount = reserveByteCount
        do throws(DiskFault) { try makeReserve(on: disk) } catch {
            guard error.isOutOfSpace else { throw error }
            health = .full(error)
        }
    }

    /// Folder of a partition: Kafka's `<topic>-<index>`.
    public static func folder(topicName: String, index: PartitionIndex) -> String { "\(topicName)-\(index)" }

    /// Topic name and index in a folder's name; nil for other folders.
    public static func partition(ofFolder folder: String) -> (topicName: String, index: PartitionIndex)? {
        guard let dash = folder.lastIndex(of: "-"), dash != folder.startIndex else { return nil }
        let digits = folder[folder.index(after: dash)...]
        guard let index = Int32(digits), index >= 0, String(index) == digits else { return nil }
        return (String(folder[..<dash]), PartitionIndex(index))
    }

    /// Lists partition folders without opening their logs. One that cannot be read does not hide the others.
    public func scan(on disk: any Disk) throws(DiskFault) -> Contents {
        var contents = Contents()
        for name in try disk.list("") {
            if name.hasSuffix(Self.deletedSuffix) {
                contents.leftovers.append(name)
            } else if let (topicName, index) = Self.partition(ofFolder: name) {
                read(name, topicName, index, into: &contents, on: disk)
            }
        }
        return contents
    }

    private func read(
        _ folder: String, _ topicName: String, _ index: PartitionIndex, into contents: inout Contents, on disk: any Disk
    ) {
        let bytes: SharedBytes?
        do throws(DiskFault) {
            bytes = try LogFiles.read(folder + "/" + LogFiles.partitionMetadata, on: disk)
            // A crash before the first synchronize: nothing in it was ever acknowledged.
            if PartitionMetadata.isUnfinished(bytes), try !disk.list(folder).contains(LogFiles.checkpoint) { return }
        } catch { return contents.faults.append((folder, .disk(error))) }
        do throws(DecodeError) {
            let topic = try PartitionMetadata.decode(bytes ?? .empty)
            contents.partitions.append(
                Found(folder: folder, topicName: topicName, partition: PartitionID(topic: topic, index: index)))
        } catch {
            contents.faults.append((folder, .unreadable(file: LogFiles.partitionMetadata, error)))
        }
    }

    /// Takes note of a fault that an operation in this directory met.
    ///
    /// No room makes it full and gives up the reserve; a failed synchronize is final; any other is of that operation alone.
    public mutating func note(_ fault: DiskFault, on disk: any Disk) throws(DiskFault) {
        if case .failed = health { return }
        if fault.operation == .synchronize {
            health = .failed(fault)
        } else if fault.isOutOfSpace, health == .healthy {
            health = .full(fault)
            if disk.exists(Self.reservePath) { try disk.remove(Self.reservePath) }
        }
    }

    /// When full: asks how much is free, and becomes healthy again once the reserve fits twice.
    ///
    /// - Returns: Whether appends may go on.
    public mutating func checkSpace(on disk: any Disk) throws(DiskFault) -> Bool {
        switch health {
        case .healthy: return true
        case .failed: return false
        case .full:
            guard try disk.freeByteCount() >= 2 * reserveByteCount else { return false }
            try makeReserve(on: disk)
            health = .healthy
            return true
        }
    }

    private func makeReserve(on disk: any Disk) throws(DiskFault) {
        let file = try disk.open(Self.reservePath, .createOrOpen)
        defer { disk.close(file) }
        try disk.allocate(file, size: reserveByteCount)
    }
}
