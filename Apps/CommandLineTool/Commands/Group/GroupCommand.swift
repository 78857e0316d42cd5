// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct GroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Inspects consumer groups and moves their offsets.",
        subcommands: [
            GroupList.self, GroupDescribe.self, GroupLag.self, GroupResetOffsets.self, GroupDelete.self,
        ])
}
