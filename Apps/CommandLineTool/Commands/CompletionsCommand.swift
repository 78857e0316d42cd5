// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct CompletionsCommand: ParsableCommand, ToolCommand {
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Prints what makes a shell complete commands and options.",
        discussion: """
            EXAMPLES:
              source <(myelin completions bash)
              mkdir -p ~/.zfunc && myelin completions zsh > ~/.zfunc/_myelin
              myelin completions fish > ~/.config/fish/completions/myelin.fish
            """)

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run(in surroundings: Surroundings) async throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try surroundings.console.print(MyelinCommand.completionScript(for: kind))
    }
}
