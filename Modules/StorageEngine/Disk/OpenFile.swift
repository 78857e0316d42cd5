// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A descriptor that is closed when its last user lets go: an operation in flight keeps its file open past `close`.
final class OpenFile: Sendable {
    let id: FileID
    let descriptor: Int32
    /// As it was opened, for people; a rename does not change it.
    let path: String

    init(id: FileID, descriptor: Int32, path: String) {
        self.id = id
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = Glibc.close(descriptor) }
}
