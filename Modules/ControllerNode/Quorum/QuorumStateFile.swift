// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine

/// Term and vote of a member on its disk: the file `quorum-state` beside the log.
///
/// - SeeAlso: docs/formats/metadata.md
struct QuorumStateFile {
    /// "MYSTATE1".
    private static let magic: UInt64 = 0x4d59_5354_4154_4531
    private static let checksumStart = 12

    let path: String
    let disk: any Disk

    init(folder: String, disk: any Disk) {
        path = folder + "/quorum-state"
        self.disk = disk
    }

    /// nil when there is none: the folder is new, or of a version that knew no quorum but that of one node.
    ///
    /// - Throws: `.stateDamaged` for a file that does not check. A vote that is forgotten could be given twice.
    func read() throws(MetadataOpenError) -> HardState? {
        let bytes: SharedBytes
        do throws(DiskFault) {
            guard disk.exists(path) else { return nil }
            let file = try disk.open(path, .read)
            defer { disk.close(file) }
            bytes = try disk.read(file, at: 0, count: 4096)
        } catch { throw .disk(error) }
        do throws(DecodeError) { return try Self.decode(bytes) } catch { throw .stateDamaged(file: path, error) }
    }

    /// Replaces the file; after a crash it is the former or this one. Waits for the disk.
    func write(_ state: HardState) throws(DiskFault) {
        let temporary = path + ".tmp"
        let file = try disk.open(temporary, .createOrOpen)
        defer { disk.close(file) }
        try disk.truncate(file, to: 0)
        try disk.write([Self.encode(state)], to: file, at: 0)
        try disk.synchronize(file)
        try disk.rename(temporary, to: path)
        try disk.synchronizeDirectory(String(path.prefix { $0 != "/" }))
    }

    static func encode(_ state: HardState) -> SharedBytes {
        var writer = ByteWriter()
        writer.writeInteger(magic)
        writer.writeInteger(UInt32(0))
        writer.writeInt64(state.term.rawValue)
        writer.writeInt32((state.vote?.id ?? .none).rawValue)
        writer.writeBool(state.vote?.directory != nil)
        writer.writeInteger(state.vote?.directory?.high ?? 0)
        writer.writeInteger(state.vote?.directory?.low ?? 0)
        writer.overwriteInteger(checksum(of: writer.shared), at: 8)
        return writer.shared
    }

    static func decode(_ bytes: SharedBytes) throws(DecodeError) -> HardState {
        var reader = ByteReader(bytes)
        let magic: UInt64 = try reader.readInteger()
        guard magic == Self.magic else { throw DecodeError(.invalidValue(Int64(bitPattern: magic)), at: 0) }
        let expected: UInt32 = try reader.readInteger()
        let term = Term(try reader.readInt64())
        let candidate = NodeID(try reader.readInt32())
        let hasDirectory = try reader.readBool()
        let directory = IncarnationID(high: try reader.readInteger(), low: try reader.readInteger())
        try reader.finish()
        let actual = checksum(of: bytes)
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: 8)
        }
        let vote = candidate == .none ? nil : ReplicaKey(id: candidate, directory: hasDirectory ? directory : nil)
        return HardState(term: term, vote: vote)
    }

    private static func checksum(of bytes: SharedBytes) -> UInt32 {
        CRC32C.checksum(of: bytes.slice(from: checksumStart, count: bytes.count - checksumStart))
    }
}
