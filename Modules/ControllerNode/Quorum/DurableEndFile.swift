// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import StorageEngine

/// How far the log was durable when this was written last: the file `durable-end` beside it.
///
/// What was written and never synchronized comes back from a power cut in any mixture, also with a later batch whole and an
/// earlier one torn, which looks like damage. Behind this end it is the mixture, and nobody was told that it is here.
/// The file follows each synchronize of the log and is not waited for: what it misses is taken for torn when it is damaged.
/// - SeeAlso: docs/formats/metadata.md
struct DurableEndFile {
    /// "MYDUREND".
    private static let magic: UInt64 = 0x4d59_4455_5245_4e44
    private static let byteCount = 20

    private let disk: any Disk
    private let file: FileID
    /// What the file says; nil when it does not check.
    private(set) var end: Offset?
    private var ticket: DiskTicket?

    /// Opens the file, or makes one that says 0.
    init(folder: String, disk: any Disk) throws(DiskFault) {
        self.disk = disk
        let isNew = !disk.exists("\(folder)/durable-end")
        file = try disk.open("\(folder)/durable-end", .createOrOpen)
        let bytes = try disk.read(file, at: 0, count: Self.byteCount)
        end = bytes.isEmpty ? .zero : Self.decode(bytes)
        guard isNew else { return }
        try disk.write([Self.encode(.zero)], to: file, at: 0)
        try disk.synchronize(file)
        try disk.synchronizeDirectory(folder)
    }

    /// Whether the file says less than that the log is durable up to `end`, and is not on its way to say something else.
    func lags(behind end: Offset) -> Bool { ticket == nil && end > self.end ?? .zero }

    /// Begins to make it say `end`.
    mutating func follow(_ end: Offset, _ ticket: DiskTicket) throws(DiskFault) {
        try disk.write([Self.encode(end)], to: file, at: 0)
        (self.end, self.ticket) = (end, ticket)
        disk.submitSynchronize(file, ticket: ticket)
    }

    /// - Throws: What kept the file from becoming durable.
    mutating func take(_ completion: DiskCompletion) throws(DiskFault) {
        guard completion.ticket == ticket else { return }
        ticket = nil
        if case .failed(let fault) = completion.outcome { throw fault }
    }

    /// The log is about to be cut to `end`. Waits for the disk.
    mutating func lower(to end: Offset) throws(DiskFault) {
        if let known = self.end, known <= end { return }
        try disk.write([Self.encode(end)], to: file, at: 0)
        try disk.synchronize(file)
        self.end = end
    }

    private static func encode(_ end: Offset) -> SharedBytes {
        var writer = ByteWriter()
        writer.writeInteger(magic)
        writer.writeInt64(end.rawValue)
        writer.writeInteger(CRC32C.checksum(of: writer.shared))
        return writer.shared
    }

    private static func decode(_ bytes: SharedBytes) -> Offset? {
        var reader = ByteReader(bytes)
        do throws(DecodeError) {
            let found: UInt64 = try reader.readInteger()
            let end = Offset(try reader.readInt64())
            let checksum: UInt32 = try reader.readInteger()
            let isWhole = found == magic && checksum == CRC32C.checksum(of: bytes.slice(from: 0, count: byteCount - 4))
            return isWhole && end >= .zero ? end : nil
        } catch { return nil }
    }
}
