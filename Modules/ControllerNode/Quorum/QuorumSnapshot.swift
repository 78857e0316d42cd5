// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// The metadata as of one offset, and the quorum as of there: a `.checkpoint` file.
///
/// - SeeAlso: docs/formats/metadata.md
struct QuorumSnapshot {
    /// "MYQUORUM".
    private static let magic: UInt64 = 0x4d59_5155_4f52_554d
    private static let version: Int16 = 1
    private static let headerByteCount = 20

    /// nil in a file of a version that knew no quorum but that of one node.
    let voters: VoterSet?
    let metadata: MetadataSnapshot

    init(voters: VoterSet?, metadata: MetadataSnapshot) {
        self.voters = voters
        self.metadata = metadata
    }

    var position: LogPosition { LogPosition(end: metadata.nextOffset, term: metadata.term) }

    /// - Complexity: O(bytes).
    func encoded() -> SharedBytes {
        var quorumWriter = ByteWriter()
        (voters ?? .empty).encode(into: &quorumWriter)
        let quorum = quorumWriter.shared
        let content = metadata.encoded()
        var writer = ByteWriter(capacity: Self.headerByteCount + quorum.count + content.count)
        writer.writeInteger(Self.magic)
        writer.writeInt16(Self.version)
        writer.writeInt16(0)
        writer.writeInteger(CRC32C.checksum(of: quorum))
        writer.writeInteger(UInt32(quorum.count))
        writer.writeBytes(quorum)
        writer.writeBytes(content)
        return writer.shared
    }

    /// - Throws: for bytes that no `encoded()` gave, of this version or of the one before quorums.
    init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let magic: UInt64 = try reader.readInteger()
        guard magic == Self.magic else {
            voters = nil
            metadata = try MetadataSnapshot(decoding: bytes)
            return
        }
        let version = try reader.readInt16()
        guard version == Self.version else { throw DecodeError(.invalidValue(Int64(version)), at: 8) }
        let flags = try reader.readInt16()
        guard flags == 0 else { throw DecodeError(.invalidValue(Int64(flags)), at: 10) }
        let expected: UInt32 = try reader.readInteger()
        let count: UInt32 = try reader.readInteger()
        let quorum = try reader.readBytes(count: Int(count))
        let actual = CRC32C.checksum(of: quorum)
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: 12)
        }
        var quorumReader = ByteReader(quorum)
        voters = try VoterSet(from: &quorumReader)
        try quorumReader.finish()
        metadata = try MetadataSnapshot(decoding: bytes.slice(from: reader.position, count: reader.remaining))
    }
}

/// A snapshot that comes in pieces, in order.
struct SnapshotAssembly: Sendable {
    private var writer = ByteWriter()
    private let byteCount: Int64

    init(byteCount: Int64) { self.byteCount = byteCount }

    var bytes: SharedBytes { writer.shared }

    /// Takes the next piece.
    ///
    /// - Returns: Whether it was the last one.
    /// - Throws: when it does not follow, or is more than was announced.
    mutating func add(_ piece: SharedBytes, at position: Int64, of total: Int64) throws(MetadataOpenError) -> Bool {
        guard position == Int64(writer.count), total == byteCount, position + Int64(piece.count) <= total else {
            throw .undecodable(at: .zero, DecodeError(.invalidValue(position), at: writer.count))
        }
        writer.writeBytes(piece)
        return Int64(writer.count) == byteCount
    }
}
