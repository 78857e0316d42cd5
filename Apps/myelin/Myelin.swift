// SPDX-License-Identifier: Apache-2.0

import CommandLineTool

@main
struct Myelin {
    static func main() async {
        await runTool(Array(CommandLine.arguments.dropFirst()))
    }
}
