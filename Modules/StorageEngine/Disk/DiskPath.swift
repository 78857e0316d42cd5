// SPDX-License-Identifier: Apache-2.0

/// The rule that every disk holds its callers to, so that no path leaves the root.
package enum DiskPath {
    /// Traps unless `path` is names between single slashes, none of them `.` or `..`, without a zero byte.
    package static func check(_ path: String) {
        precondition(!path.utf8.contains(0), "a zero byte in \(path)")
        for name in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            let isDots = name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
            precondition(!isDots, "\(path) has an empty name, . or ..")
        }
    }
}
