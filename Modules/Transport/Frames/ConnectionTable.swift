// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Primitives

/// The open connections of one loop. Each knows its place, so that leaving costs the same however many there are.
struct ConnectionTable {
    static let noPosition = -1
    private(set) var all: [FrameConnection] = []

    mutating func add(_ connection: FrameConnection) {
        precondition(connection.position == Self.noPosition, "connection \(connection.id) opened twice")
        connection.position = all.count
        all.append(connection)
    }

    mutating func remove(_ connection: FrameConnection) {
        let position = connection.position
        precondition(position >= 0 && all[position] === connection, "connection \(connection.id) is not at \(position)")
        all.swapAt(position, all.count - 1)
        all[position].position = position
        all.removeLast()
        connection.position = Self.noPosition
    }
}

extension ShardLoop {
    /// How often idle and stalled connections are looked for; deadlines hold to within this.
    static let sweepMilliseconds: Int64 = 250

    /// Looks for connections past a deadline, for the life of the loop.
    func sweepConnectionsForever() {
        coarseNow = now
        for connection in connections.all { connection.checkDeadlines(at: coarseNow) }
        schedule(afterMilliseconds: Self.sweepMilliseconds) { self.sweepConnectionsForever() }
    }

    /// Cuts every connection, then calls `done`.
    func abortConnections(_ done: @escaping @Sendable () -> Void) {
        for connection in connections.all { connection.abort() }
        // The cuts are queued on the loop already, so this comes after them.
        eventLoop.execute { done() }
    }
}
