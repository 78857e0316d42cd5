// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch

// What an input does to a folder: a list of edits, each a byte for the kind, one for the file, and what the kind needs.
// Checksums are made to fit afterwards where the kind says so (32): libFuzzer would not find its way past them.

extension Folder {
    mutating func edit(by reader: inout ByteReader) throws(DecodeError) {
        let kind = try reader.readUInt8()
        let file = Int(try reader.readUInt8())
        guard !files.isEmpty else { return try addFile(&reader) }
        let index = file % files.count
        switch kind % 8 {
        case 0: try overwrite(index, &reader)
        case 1: files[index].bytes = try content(&reader)
        case 2: try resize(index, &reader)
        case 3: files.remove(at: index)
        case 4: put(files.remove(at: index).bytes, as: try name(&reader))
        case 5: put(files[index].bytes, as: try name(&reader))
        case 6: files[index].bytes += try content(&reader)
        default: try addFile(&reader)
        }
        if kind & 32 != 0 { for index in files.indices { seal(index) } }
    }

    private mutating func overwrite(_ index: Int, _ reader: inout ByteReader) throws(DecodeError) {
        let position = Int(UInt16(bitPattern: try reader.readInt16()))
        let bytes = try content(&reader)
        guard position < files[index].bytes.count else { return }
        let end = min(position + bytes.count, files[index].bytes.count)
        files[index].bytes.replaceSubrange(position..<end, with: bytes.prefix(end - position))
    }

    private mutating func resize(_ index: Int, _ reader: inout ByteReader) throws(DecodeError) {
        let size = Int(UInt16(bitPattern: try reader.readInt16())) % 8192
        let bytes = files[index].bytes
        files[index].bytes =
            size <= bytes.count ? Array(bytes.prefix(size)) : bytes + Array(repeating: 0, count: size - bytes.count)
    }

    private mutating func addFile(_ reader: inout ByteReader) throws(DecodeError) {
        let name = try name(&reader)
        put(try content(&reader), as: name)
    }

    private func content(_ reader: inout ByteReader) throws(DecodeError) -> [UInt8] {
        let size = Int(UInt16(bitPattern: try reader.readInt16()))
        return try reader.readBytes(count: min(size, reader.remaining)).array
    }

    private func name(_ reader: inout ByteReader) throws(DecodeError) -> String {
        let kind = Int(try reader.readUInt8())
        let fixed = ["checkpoint", "partition.metadata", "leader-epoch-checkpoint", "checkpoint.tmp", "x.deleted"]
        let suffixes = [".log", ".index", ".timeindex", ".snapshot"]
        guard kind >= fixed.count else { return fixed[kind] }
        let offset = (kind & 128 == 0 ? Int64(try reader.readUInt8()) : try reader.readInt64()) & .max
        let digits = String(offset)
        return String(repeating: "0", count: 20 - digits.count) + digits + suffixes[kind % suffixes.count]
    }
}

// MARK: Checksums

extension Folder {
    private mutating func seal(_ index: Int) {
        let name = files[index].name
        if name.hasSuffix(".log") { sealBatches(&files[index].bytes) }
        if name.hasSuffix(".snapshot") { sealSnapshot(&files[index].bytes, from: 0) }
        if name == "checkpoint" { sealCheckpoint(&files[index].bytes) }
    }

    private func sealBatches(_ bytes: inout [UInt8]) {
        let whole = SharedBytes(bytes)
        var position = 0
        while let header = try? BatchHeader(parsing: whole, at: position) {
            let end = position + header.totalByteCount
            guard end <= bytes.count else { return }
            let checksum = CRC32C.checksum(of: Array(bytes[position + BatchHeader.checksumStart..<end]))
            bytes.store(checksum, at: position + BatchHeader.checksumStart - 4)
            position = end
        }
    }

    /// Version, two bytes, checksum, four, and what it is of.
    private func sealSnapshot(_ bytes: inout [UInt8], from start: Int) {
        guard bytes.count >= start + 6 else { return }
        bytes.store(CRC32C.checksum(of: Array(bytes[(start + 6)...])), at: start + 2)
    }

    /// A fixed part of 36 bytes, three lists, a snapshot after its length, a checksum (docs/formats/log.md).
    private func sealCheckpoint(_ bytes: inout [UInt8]) {
        guard bytes.count >= 4 else { return }
        var content = Array(bytes.dropLast(4))
        if let start = snapshotStart(SharedBytes(content)) { sealSnapshot(&content, from: start) }
        bytes = content + [0, 0, 0, 0]
        bytes.store(CRC32C.checksum(of: content), at: content.count)
    }

    private func snapshotStart(_ content: SharedBytes) -> Int? {
        var reader = ByteReader(content)
        do throws(DecodeError) {
            try reader.skip(36)
            for size in [52, 12, 41] {
                try reader.skip(size * (try reader.checkCount(Int(reader.readInt32()), elementByteCountMin: size)))
            }
            try reader.skip(4)
        } catch { return nil }
        return reader.position
    }
}

extension [UInt8] {
    fileprivate mutating func store(_ value: UInt32, at position: Int) {
        for index in 0..<4 { self[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index)) }
    }
}
