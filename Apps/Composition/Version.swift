// SPDX-License-Identifier: Apache-2.0

/// What `--version` prints and every node tells of itself.
package enum Version {
    package static let number = "0.1.0"
    package static let text = "myelin \(number)"
}
