// SPDX-License-Identifier: Apache-2.0

/// A command line or a configuration file that cannot be used: one line, exit status 2.
package struct UsageError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
