// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// The flags by which every server process is given its settings.
package struct SettingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("YAML file with settings.", valueName: "file"))
    package var config: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A setting; may be repeated.", valueName: "key=value"))
    package var assignments: [String] = []

    package init() {}

    /// What `--set` was given, the last value of a setting that was given twice.
    package func flags() throws -> [String: String] {
        var flags: [String: String] = [:]
        for assignment in assignments {
            guard let separator = assignment.firstIndex(of: "="), separator != assignment.startIndex else {
                throw UsageError("--set \(assignment): write key=value")
            }
            flags[String(assignment[..<separator])] = String(assignment[assignment.index(after: separator)...])
        }
        return flags
    }
}
