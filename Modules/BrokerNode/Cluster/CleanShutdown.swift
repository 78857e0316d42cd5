// SPDX-License-Identifier: Apache-2.0

package import Coordinator
internal import Primitives
package import StorageEngine

/// The file by which a stopped broker proves that it lost nothing: it holds the epoch of the registration that ended in
/// order (KIP-966).
package enum CleanShutdown {
    static let file = "clean.shutdown"
    private static let temporary = file + ".tmp"

    /// Leaves the proof. To be called last, when all else is durable.
    static func leave(_ epoch: BrokerEpoch, on disk: any Disk) throws(DiskFault) {
        let opened = try disk.open(temporary, .createOrOpen)
        defer { disk.close(opened) }
        try disk.truncate(opened, to: 0)
        try disk.write([SharedBytes("\(epoch)\n")], to: opened, at: 0)
        try disk.synchronize(opened)
        try disk.rename(temporary, to: file)
        try disk.synchronizeDirectory("")
    }

    /// Takes the proof away, durably: it holds for one start. nil after a crash.
    package static func take(from disk: any Disk) throws(DiskFault) -> BrokerEpoch? {
        guard disk.exists(file) else { return nil }
        let opened = try disk.open(file, .read)
        defer { disk.close(opened) }
        let bytes = try disk.read(opened, at: 0, count: 64)
        try disk.remove(file)
        try disk.synchronizeDirectory("")
        let digits = String(decoding: bytes.array, as: UTF8.self).split(whereSeparator: \.isNewline).first
        return digits.flatMap { Int64($0) }.map { BrokerEpoch($0) }
    }
}
