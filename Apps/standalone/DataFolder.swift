// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder of the data, which is temporary when nobody named one.
struct DataFolder {
    let path: String
    private let isTemporary: Bool

    init(_ named: String?) throws {
        isTemporary = named == nil
        let url =
            named.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("myelin-\(UUID().uuidString)")
        path = url.standardizedFileURL.path
    }

    func removeIfTemporary() {
        guard isTemporary else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            FileHandle.standardError.write(Data("myelin-standalone: \(path) could not be removed\n".utf8))
        }
    }
}
