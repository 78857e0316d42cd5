// SPDX-License-Identifier: Apache-2.0

import AdminClient
import Foundation
import Primitives
import WireProtocol

/// Restarts nodes one after the other, each only while all others are well.
struct RollingRestart {
    /// What became of one node.
    struct Step: Sendable {
        let node: UpgradeNode
        let elapsed: Duration
    }

    private static let interval = Duration.milliseconds(500)
    /// Good answers in a row before the cluster counts as well: one may be from before the restart was noticed.
    private static let calmAnswerCount = 3

    let roster: Roster
    let surroundings: Surroundings
    /// Restarts a node; nil asks brokers to stop, for their supervisor to start them again.
    let restartCommand: String?
    /// How long a node may take, and how long the cluster may need to be well before it.
    let patience: Duration

    func run(_ nodes: [UpgradeNode]) async throws -> [Step] {
        let progress = Progress("upgrading", on: surroundings)
        defer { progress.finish() }
        var steps: [Step] = []
        for (index, node) in nodes.enumerated() {
            let share = Double(index) / Double(nodes.count)
            try await untilWell(before: node) { progress.update(share, "before \(node): \($0)") }
            let start = ContinuousClock.now
            let startedAt = try await startTime(of: node)
            progress.update(share, "restarting \(node)")
            try await restart(node)
            try await untilBack(node, startedAt) { progress.update(share, "\(node): \($0)") }
            steps.append(Step(node: node, elapsed: .now - start))
            progress.finish()
            let took = Units.duration(milliseconds: (ContinuousClock.now - start).nanoseconds / 1_000_000)
            surroundings.console.note("\(node) is back and in sync after \(took)")
        }
        return steps
    }

    // MARK: Waiting

    private func untilWell(before node: UpgradeNode, _ tell: (String) -> Void) async throws {
        try await untilCalm(tell) {
            UpgradePlan.obstacles(in: $0)
        } refusal: { obstacles in
            Failure(
                "\(node) is not restarted: \(obstacles.joined(separator: ", "))",
                advice: ["What is wrong: myelin doctor", "Go on when it is well: the same command again."])
        }
    }

    private func untilBack(_ node: UpgradeNode, _ startedAt: Timestamp, _ tell: (String) -> Void) async throws {
        try await untilCalm(tell) { info in
            if node.role == .broker, let broker = info.brokers.first(where: { $0.nodeID == node.id }),
                broker.error != nil || broker.startedAt == startedAt
            {
                return ["\(node) has not started again"]
            }
            return UpgradePlan.obstacles(in: info)
        } refusal: { obstacles in
            Failure(
                "\(node) was restarted, and \(obstacles.joined(separator: ", "))",
                advice: ["Look at its log. No other node was touched.", "What is wrong: myelin doctor"])
        }
    }

    /// Returns when there was nothing in the way several times in a row; throws `refusal` after `patience`.
    private func untilCalm(
        _ tell: (String) -> Void, _ obstacles: (Admin.ClusterInfoResponse) -> [String],
        refusal: ([String]) -> Failure
    ) async throws {
        let deadline = ContinuousClock.now + patience
        var calmCount = 0
        while true {
            let found = obstacles(try await roster.ask(until: deadline) { try await $0.clusterInfo() })
            calmCount = found.isEmpty ? calmCount + 1 : 0
            if calmCount == Self.calmAnswerCount { return }
            guard ContinuousClock.now < deadline else { throw refusal(found) }
            tell(found.first ?? "well")
            try await Task.sleep(for: Self.interval)
        }
    }

    private func startTime(of node: UpgradeNode) async throws -> Timestamp {
        guard node.role == .broker else { return Timestamp(0) }
        let info = try await roster.ask(until: .now + patience) { try await $0.clusterInfo() }
        return info.brokers.first { $0.nodeID == node.id }?.startedAt ?? Timestamp(0)
    }

    // MARK: Restarting

    private func restart(_ node: UpgradeNode) async throws {
        guard let restartCommand else {
            precondition(node.role == .broker, "\(node) cannot be asked to stop")
            return try await roster.ask(until: .now + patience) { try await $0.stopBroker(node.id) }
        }
        guard let command = UpgradePlan.command(restartCommand, for: node) else {
            throw Failure("\(node) is registered with '\(node.host)', which is no host: it is not put into a command")
        }
        let status = try await Shell.run(command)
        guard status == 0 else {
            throw Failure("\(node) was not restarted: '\(command)' ended with status \(status)")
        }
    }
}

/// Runs a command of the user's.
enum Shell {
    /// Returns when the shell itself has ended, whatever it left running: Foundation's `Process` would wait for those too,
    /// because they inherit the descriptor by which it notices the end.
    ///
    /// - Returns: its exit status, 128 more than the signal that ended it. Its output goes to standard error.
    static func run(_ command: String) async throws -> Int32 {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread { done.resume(with: Result { try spawn(command) }) }
        }
    }

    private static func spawn(_ command: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let problem = posix_spawn(&child, "/bin/sh", &actions, nil, &arguments, environ)
        guard problem == 0 else { throw Failure("'/bin/sh' does not start: \(systemText(problem))") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure("'\(command)' was lost: \(systemText(errno))") }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}
