// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What `<base>.txnindex` must begin with for a checkpoint to vouch for it.
struct AbortedSummary: Equatable, Sendable {
    var count: Int32
    /// CRC-32C of the first `count` entries; 0 where there are none.
    var checksum: UInt32

    static let none = AbortedSummary(count: 0, checksum: 0)
    /// Nothing vouches for the file: its entries are to be found again.
    static let unknown = AbortedSummary(count: 0, checksum: 1)
}

/// The file `<base>.txnindex`: aborted transactions whose markers are in the segment, in the order of the markers, as
/// Kafka writes them. A segment without any has no such file.
/// - SeeAlso: docs/formats/log.md
enum AbortedIndex {
    static let entryByteCount = 34
    private static let version: Int16 = 0

    static func encode(_ entries: [AbortedTransaction]) -> SharedBytes {
        var writer = ByteWriter(capacity: entries.count * entryByteCount)
        for entry in entries {
            writer.writeInt16(version)
            writer.writeInt64(entry.producerID.rawValue)
            writer.writeInt64(entry.firstOffset.rawValue)
            writer.writeInt64(entry.lastOffset.rawValue)
            writer.writeInt64(entry.lastStableOffset.rawValue)
        }
        return writer.shared
    }

    static func summary(of bytes: SharedBytes) -> AbortedSummary {
        guard !bytes.isEmpty else { return .none }
        return AbortedSummary(count: Int32(bytes.count / entryByteCount), checksum: CRC32C.checksum(of: bytes))
    }

    /// The entries that `summary` vouches for; nil when they are not there. More may follow: they were written later.
    static func decode(_ bytes: SharedBytes, _ summary: AbortedSummary) -> [AbortedTransaction]? {
        let byteCount = Int(summary.count) * entryByteCount
        guard bytes.count >= byteCount, self.summary(of: bytes.slice(from: 0, count: byteCount)) == summary else {
            return nil
        }
        var reader = ByteReader(bytes)
        do throws(DecodeError) {
            var entries: [AbortedTransaction] = []
            for _ in 0..<summary.count {
                guard try reader.readInt16() == version else { return nil }
                entries.append(
                    AbortedTransaction(
                        producerID: ProducerID(try reader.readInt64()), firstOffset: Offset(try reader.readInt64()),
                        lastOffset: Offset(try reader.readInt64()), lastStableOffset: Offset(try reader.readInt64())))
            }
            return entries
        } catch { return nil }
    }
}
