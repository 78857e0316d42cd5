// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine

/// Snapshots of the metadata as files beside its log: `<next offset>-<term>.checkpoint`, 20 and 10 digits.
///
/// - SeeAlso: docs/formats/metadata.md
struct SnapshotStore {
    private static let suffix = ".checkpoint"
    private static let temporarySuffix = ".tmp"

    let folder: String
    let disk: any Disk

    /// Writes a snapshot so that after a crash it is there whole or not at all, then removes older ones.
    func write(_ snapshot: MetadataSnapshot) throws(DiskFault) {
        let path = "\(folder)/\(Self.name(of: snapshot))"
        try write(snapshot.encoded(), to: path + Self.temporarySuffix)
        try disk.rename(path + Self.temporarySuffix, to: path)
        try disk.synchronizeDirectory(folder)
        for name in try names() where "\(folder)/\(name)" != path { try disk.remove("\(folder)/\(name)") }
    }

    /// The newest snapshot that checks; nil when there is none.
    ///
    /// - Throws: `.snapshotDamaged` when there are some and none of them checks.
    func newest() throws(MetadataOpenError) -> MetadataSnapshot? {
        var damage: MetadataOpenError?
        do throws(DiskFault) {
            guard disk.exists(folder) else { return nil }
            for name in try names().reversed() {
                let bytes = try read("\(folder)/\(name)")
                do throws(DecodeError) {
                    return try MetadataSnapshot(decoding: bytes)
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

    private func write(_ bytes: SharedBytes, to path: String) throws(DiskFault) {
        let file = try disk.open(path, .createOrOpen)
        defer { disk.close(file) }
        try disk.truncate(file, to: 0)
        try disk.write([bytes], to: file, at: 0)
        try disk.synchronize(file)
    }

    private func read(_ path: String) throws(DiskFault) -> SharedBytes {
        let file = try disk.open(path, .read)
        defer { disk.close(file) }
        return try disk.read(file, at: 0, count: Int(try disk.size(of: file)))
    }

    private static func name(of snapshot: MetadataSnapshot) -> String {
        digits(snapshot.nextOffset.rawValue, count: 20) + "-" + digits(snapshot.term.rawValue, count: 10) + suffix
    }

    private static func digits(_ number: Int64, count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
