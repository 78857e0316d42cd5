// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import StorageEngine

/// How far the scrubber has come, for the next start: the file `scrub.position`.
///
/// Losing it costs a pass from the beginning, so it is not synchronized.
/// - SeeAlso: docs/formats/log.md
package struct ScrubPosition: Equatable, Sendable {
    /// When the pass that is under way began; `.none` between passes.
    package var passStart = Timestamp.none
    /// When the last pass began that came to its end; `.none` before the first.
    package var lastPassStart = Timestamp.none
    /// The last segment that was verified in this pass.
    package var partition: PartitionID?
    package var segment = Offset.zero

    package init() {}

    private static let path = "scrub.position"
    private static let magic: UInt32 = 0x4d59_5343
    private static let version: UInt16 = 1

    package var encoded: SharedBytes {
        var writer = ByteWriter(capacity: 64)
        writer.writeInteger(Self.magic)
        writer.writeInteger(Self.version)
        writer.writeInteger(UInt16(partition == nil ? 0 : 1))
        writer.writeInt64(passStart.rawValue)
        writer.writeInt64(lastPassStart.rawValue)
        writer.writeInteger(partition?.topic.high ?? 0)
        writer.writeInteger(partition?.topic.low ?? 0)
        writer.writeInt32(partition?.index.rawValue ?? 0)
        writer.writeInt64(segment.rawValue)
        writer.writeInteger(CRC32C.checksum(of: writer.bytes))
        return writer.shared
    }

    package init(decoding bytes: SharedBytes) throws(DecodeError) {
        guard bytes.count >= 4 else { throw DecodeError(.truncated(needed: 4, available: bytes.count), at: 0) }
        let end = bytes.count - 4
        let expected: UInt32 = bytes.loadBigEndian(at: end)
        let actual = CRC32C.checksum(of: bytes.slice(from: 0, count: end))
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: end)
        }
        var reader = ByteReader(bytes.slice(from: 0, count: end))
        let magic: UInt32 = try reader.readInteger()
        let version: UInt16 = try reader.readInteger()
        guard magic == Self.magic, version == Self.version else {
            throw DecodeError(.invalidValue(Int64(version)), at: 4)
        }
        let flags: UInt16 = try reader.readInteger()
        passStart = Timestamp(try reader.readInt64())
        lastPassStart = Timestamp(try reader.readInt64())
        let topic = TopicID(high: try reader.readInteger(), low: try reader.readInteger())
        let index = PartitionIndex(try reader.readInt32())
        partition = flags & 1 == 0 ? nil : PartitionID(topic: topic, index: index)
        segment = Offset(try reader.readInt64())
        try reader.finish()
    }

    /// The position of the last start; a fresh one when there is none that reads.
    package static func load(from disk: any Disk) -> ScrubPosition {
        do {
            let file = try disk.open(path, .read)
            defer { disk.close(file) }
            return try ScrubPosition(decoding: try disk.read(file, at: 0, count: 256))
        } catch { return ScrubPosition() }
    }

    package func store(on disk: any Disk) throws(DiskFault) {
        let temporary = Self.path + ".tmp"
        let file = try disk.open(temporary, .createOrOpen)
        defer { disk.close(file) }
        try disk.truncate(file, to: 0)
        try disk.write([encoded], to: file, at: 0)
        try disk.rename(temporary, to: Self.path)
    }
}
