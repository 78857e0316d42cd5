// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which node is asked. Good before and behind the command.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address of a node: host, host:port or [v6]:port. Without it: MYELIN_CLUSTER, the current profile, 127.0.0.1:9190.",
            valueName: "address"))
    var cluster: String?

    @Option(help: ArgumentHelp("Profile to take the address from (see: myelin config profile).", valueName: "name"))
    var profile: String?

    func validate() throws {
        if cluster != nil, profile != nil {
            throw ValidationError("--cluster and --profile both name a node: give one of them")
        }
    }
}

/// In which form results come. Good before and behind the command.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "Form of the result: table for people, json or yaml for programs.")
    var output: OutputFormat = .table
}

/// For commands that destroy something.
struct ConfirmationOptions: ParsableArguments {
    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    @Flag(help: "Say what would happen, change nothing.")
    var dryRun = false
}
