// SPDX-License-Identifier: Apache-2.0

internal import Transport

extension ShardSet {
    /// Puts a question to a shard from outside the loops.
    ///
    /// - Parameter question: Runs on the shard's loop and answers there, at once or after the disk has.
    /// - Returns: nil when the loop or its disk has not answered by `deadline`, or the task was cancelled.
    func answer<Value: Sendable>(
        of index: Int, by deadline: ContinuousClock.Instant,
        _ question: @escaping @Sendable (BrokerShard, @escaping @Sendable (Value) -> Void) -> Void
    ) async -> Value? {
        let (answers, answer) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        loops[index].execute {
            question(self[index]) { value in
                answer.yield(value)
                answer.finish()
            }
        }
        return await withTaskGroup(of: Value?.self) { race in
            race.addTask {
                for await value in answers { return value }
                return nil
            }
            race.addTask {
                // Cancelled as soon as there is an answer, so an early end of the sleep means nothing.
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            let first = await race.next() ?? nil
            race.cancelAll()
            return first
        }
    }

    /// As above, for what the loop can say at once.
    func value<Value: Sendable>(
        of index: Int, by deadline: ContinuousClock.Instant, _ body: @escaping @Sendable (BrokerShard) -> Value
    ) async -> Value? {
        await answer(of: index, by: deadline) { shard, reply in reply(body(shard)) }
    }

    /// Asks all shards at the same time; the answers are in their order.
    func values<Value: Sendable>(
        by deadline: ContinuousClock.Instant, _ body: @escaping @Sendable (BrokerShard) -> Value
    ) async -> [Value?] {
        await each { await self.value(of: $0, by: deadline, body) }
    }

    /// Runs `work` for all shards at the same time, away from their loops; the results are in their order.
    func each<Value: Sendable>(_ work: @escaping @Sendable (_ index: Int) async -> Value?) async -> [Value?] {
        await withTaskGroup(of: (Int, Value?).self) { group in
            for index in loops.indices { group.addTask { (index, await work(index)) } }
            var results = [Value?](repeating: nil, count: loops.count)
            for await (index, result) in group { results[index] = result }
            return results
        }
    }
}
