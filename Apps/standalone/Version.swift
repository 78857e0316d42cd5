// SPDX-License-Identifier: Apache-2.0

enum Version {
    static let text = "myelin 0.1.0"
}
