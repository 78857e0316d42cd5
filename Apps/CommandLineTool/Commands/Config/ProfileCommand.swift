// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Transport

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "Keeps names for clusters in ~/.config/myelin/config.yaml.",
        subcommands: [ProfileAdd.self, ProfileUse.self, ProfileList.self, ProfileRemove.self])
}

struct ProfileAdd: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Gives a cluster a name; the first one becomes the current profile.",
        discussion: """
            A profile that exists gets the new address.

            EXAMPLES:
              myelin config profile add local 127.0.0.1:9190
              myelin config profile add production broker-1.example.com:9190 --use
            """)

    @Argument(help: "Name of the profile.")
    var name: String

    @Argument(help: "Address of a node: host, host:port or [v6]:port.")
    var address: String

    @Flag(help: "Make it the current profile.")
    var use = false

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if name.isEmpty { throw ValidationError("A profile needs a name") }
        if NetworkAddress(parsing: address) == nil {
            throw ValidationError("'\(address)' is no address: write host:port, for example \(NodeAddress.builtIn)")
        }
    }

    func run(in surroundings: Surroundings) async throws {
        var file = try ProfileFile.load(from: surroundings.profilePath)
        file.put(Profile(name: name, cluster: address))
        if use || file.current == nil { file.current = name }
        try file.save(to: surroundings.profilePath)
        let isCurrent = file.current == name
        try surroundings.show(
            Sentence(
                "profile \(name) is \(address)\(isCurrent ? ", and current" : "")",
                ["name": .text(name), "cluster": .text(address), "isCurrent": .bool(isCurrent)]),
            as: outputOptions.output)
    }
}

struct ProfileUse: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Makes a profile the current one.",
        discussion: """
            EXAMPLES:
              myelin config profile use local
            """)

    @Argument(help: "Name of the profile.")
    var name: String

    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        var file = try ProfileFile.load(from: surroundings.profilePath)
        guard let profile = file[name] else { throw file.unknown(name) }
        file.current = name
        try file.save(to: surroundings.profilePath)
        try surroundings.show(
            Sentence(
                "current profile is \(name), \(profile.cluster)",
                ["name": .text(name), "cluster": .text(profile.cluster), "isCurrent": true]),
            as: outputOptions.output)
    }
}

struct ProfileList: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the profiles.",
        discussion: """
            EXAMPLES:
              myelin config profile list
            """)

    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        let file = try ProfileFile.load(from: surroundings.profilePath)
        try surroundings.show(ProfileListReport(file: file), as: outputOptions.output)
    }
}

struct ProfileRemove: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forgets a profile. The cluster is not touched.",
        discussion: """
            EXAMPLES:
              myelin config profile remove local
            """)

    @Argument(help: "Name of the profile.")
    var name: String

    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        var file = try ProfileFile.load(from: surroundings.profilePath)
        guard file[name] != nil else { throw file.unknown(name) }
        file.remove(name)
        try file.save(to: surroundings.profilePath)
        try surroundings.show(
            Sentence("removed profile \(name)", ["name": .text(name), "removed": true]), as: outputOptions.output)
    }
}

struct ProfileListReport: Report {
    let file: ProfileFile

    var document: Document {
        [
            "current": .optional(file.current),
            "profiles": .list(
                file.profiles.map {
                    [
                        "name": .text($0.name), "cluster": .text($0.cluster),
                        "isCurrent": .bool($0.name == file.current),
                    ]
                }),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !file.profiles.isEmpty else {
            return ["no profiles; add one: myelin config profile add local 127.0.0.1:9190"]
        }
        var table = Table([.text("PROFILE"), .text("CLUSTER"), .text("CURRENT")])
        for profile in file.profiles {
            table.add([Cell(profile.name), Cell(profile.cluster), profile.name == file.current ? "yes" : ""])
        }
        return table.lines(on: terminal)
    }
}
