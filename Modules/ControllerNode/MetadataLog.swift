// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import StorageEngine

/// The world in the way of the metadata log.
public enum MetadataFault: Error, Hashable, Sendable {
    /// No room. Nothing was written; freeing space heals it.
    case full(DiskFault)
    /// The log is out of service until the process starts again.
    case failed(DiskFault)
    /// Records proposed together are larger than a segment.
    case tooLarge(byteCount: Int, limit: Int64)
    case closed
}

/// What became of proposed records, in the order of the log.
public enum MetadataLogEvent: Sendable {
    /// These are decided for good: they are replayed, and never come back.
    case committed([MetadataRecord], nextOffset: Offset)
    /// Everything proposed from `offset` on is not, and will not be, in the log.
    case rejected(from: Offset, MetadataFault)
}

/// The durable order of metadata records, whoever keeps it: one disk now, a Raft quorum later.
///
/// Confined to the thread of its `MetadataController`, which is the only one to call it.
/// - SeeAlso: docs/decisions/0007-metadata-log.md
public protocol MetadataLog: AnyObject {
    /// Raises with every leader the log has had; the first one is 1.
    var term: Term { get }
    /// Offset that the next proposed record gets.
    var endOffset: Offset { get }
    /// Whether proposals wait for their event.
    var isBusy: Bool { get }
    /// Bytes of the log after its start.
    var byteCount: Int64 { get }

    /// Puts records at the end of the log, all of them or none, also across a crash.
    ///
    /// - Precondition: at least one record.
    /// - Throws: when nothing was proposed; there is no event then.
    func propose(_ records: [MetadataRecord], at now: Timestamp) throws(MetadataFault)

    /// Does what can be done without waiting and tells what happened since the last call.
    func advance(at now: Timestamp) -> [MetadataLogEvent]

    /// A snapshot up to `offset` is durable: the log before it may go.
    func dropPrefix(before offset: Offset, at now: Timestamp) throws(MetadataFault)

    /// Makes everything durable. Nothing may be called afterwards.
    func close(at now: Timestamp) throws(MetadataFault)
}
