// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import RecordBatch
public import StorageEngine

/// Why the metadata could not be loaded, or what another controller sent could not be taken. Nothing was changed.
public enum MetadataOpenError: Error, Equatable, Sendable {
    case log(OpenFault)
    case disk(DiskFault)
    /// The folder is not this node's.
    case folder(DataFolderRefusal)
    /// The log belongs to a quorum of several controllers, which this node cannot be alone.
    case memberOfQuorum([NodeID])
    /// Bytes inside the log are not what was written.
    case damaged(LogDamage)
    /// A batch checks, but its records do not read.
    case unreadable(at: Offset, RecordsError)
    /// A record is of a type or version that this version does not know, or is not a record.
    case undecodable(at: Offset, DecodeError)
    /// A record does not follow from those before it.
    case contradiction(at: Offset, ReplayError)
    /// A snapshot does not check, and the log before it is gone.
    case snapshotDamaged(file: String, DecodeError)
    /// Term and vote do not check. Replace this controller as after the loss of its disk.
    case stateDamaged(file: String, DecodeError)
    /// The log begins after the newest snapshot.
    case gap(snapshotEnd: Offset, logStart: Offset)
    /// A later version wrote this: a feature's level is above what this one understands.
    case unsupportedFeature(name: String, level: Int16)
}
