// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#endif

/// Makes dictionaries have one order in every process.
///
/// Shards walk some of theirs, so without it a seed would be another run each time.
enum Hashing {
    private static let variable = "SWIFT_DETERMINISTIC_HASHING"

    /// Begins the process anew where it hashes by chance, with the same arguments.
    static func fix() {
        guard getenv(variable) == nil else { return }
        setenv(variable, "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        preconditionFailure("the simulator cannot be begun anew: error \(errno)")
    }
}
