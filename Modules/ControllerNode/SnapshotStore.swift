// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine

/// Snapshots of the metadata as files beside its log: `<next offset>-<term>.checkpoint`, 20 and 10 digits.
///
/// A file is written under a temporary name and synchronized; `publish` then makes it the snapshot.
/// - SeeAlso: docs/formats/metadata.md
struct SnapshotStore {
    private static let suffix = ".checkpoint"
    private static let temporarySuffix = ".tmp"

    let folder: String
    let disk: any Disk

    /// Writes a snapshot so that after a crash it is there whole or not at all. Waits for the disk.
    func write(_ snapshot: QuorumSnapshot) throws(DiskFault) {
        let file = try begin(snapshot.position)
        defer { disk.close(file) }
        try disk.write([snapshot.encoded()], to: file, at: 0)
        try disk.synchronize(file)
        try publish(snapshot.position)
    }

    /// The file to write a snapshot to, empty. To be closed by the caller.
    func begin(_ position: LogPosition) throws(DiskFault) -> FileID {
        let file = try disk.open(path(position) + Self.temporarySuffix, .createOrOpen)
        do throws(DiskFault) { try disk.truncate(file, to: 0) } catch {
            disk.close(file)
            throw error
        }
        return file
    }

    /// Makes what was written and synchronized the snapshot, durably, and removes older ones.
    func publish(_ position: LogPosition) throws(DiskFault) {
        try disk.rename(path(position) + Self.temporarySuffix, to: path(position))
        try disk.synchronizeDirectory(folder)
        for name in try names() where "\(folder)/\(name)" != path(position) { try disk.remove("\(folder)/\(name)") }
    }

    /// Opens the snapshot of that position; nil when it is gone.
    func open(_ position: LogPosition) throws(DiskFault) -> FileID? {
        disk.exists(path(position)) ? try disk.open(path(position), .read) : nil
    }

    /// The newest snapshot that checks; nil when there is none.
    ///
    /// - Throws: `.snapshotDamaged` when there are some and none of them checks.
    func newest() throws(MetadataOpenError) -> QuorumSnapshot? {
        var damage: MetadataOpenError?
        do throws(DiskFault) {
            guard disk.exists(folder) else { return nil }
            for name in try names().reversed() {
                let bytes = try read("\(folder)/\(name)")
                do throws(DecodeError) {
                    return try QuorumSnapshot(decoding: bytes)
                } catch {
                    damage = damage ?? .snapshotDamaged(file: name, error)
                }
            }
        } catch { throw .disk(error) }
        if let damage { throw damage }
        return nil
    }

    /// Names of snapshots, oldest first.
    private func names() throws(DiskFault) -> [String] {
        try disk.list(folder).filter { $0.hasSuffix(Self.suffix) && $0.utf8.count == 31 + Self.suffix.utf8.count }
    }

    private func read(_ path: String) throws(DiskFault) -> SharedBytes {
        let file = try disk.open(path, .read)
        defer { disk.close(file) }
        return try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
    }

    private func path(_ position: LogPosition) -> String {
        let digits =
            Self.digits(position.end.rawValue, count: 20) + "-" + Self.digits(position.term.rawValue, count: 10)
        return folder + "/" + digits + Self.suffix
    }

    static func digits(_ number: Int64, count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
