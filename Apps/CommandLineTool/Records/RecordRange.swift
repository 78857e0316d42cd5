// SPDX-License-Identifier: Apache-2.0

import MyelinClient
package import Primitives

/// A place in each partition of a topic.
package enum RecordPlace: Equatable, Sendable {
    case earliest
    case latest
    case offset(Offset)
    /// So many records before `latest`.
    case countFromEnd(Int64)
    /// The first record that is not older.
    case time(Timestamp)
}

/// Which records of some partitions are read.
struct RecordRange {
    let starts: [TopicPartition: Offset]
    /// Exclusive; empty for who follows.
    let ends: [TopicPartition: Offset]

    /// - Parameters:
    ///   - end: nil follows. No end lies behind where the partition ends now.
    /// - Throws: `Failure` for an offset that a partition does not have.
    init(
        of partitions: [TopicPartition], from start: RecordPlace, until end: RecordPlace?,
        _ isolationLevel: IsolationLevel, in client: MyelinClient
    ) async throws {
        let look = Look(
            client: client, partitions: partitions,
            begins: try await client.offsets(of: partitions, at: .earliest),
            highWatermarks: try await client.offsets(of: partitions, at: .latest),
            ends: try await client.offsets(of: partitions, at: .latest, isolationLevel: isolationLevel))
        if case .offset(let offset) = start { try look.check(offset) }
        starts = try await look.offsets(start)
        ends = if let end { try await look.offsets(end).merging(look.ends) { min($0, $1) } } else { [:] }
    }

    private struct Look {
        let client: MyelinClient
        let partitions: [TopicPartition]
        let begins: [TopicPartition: Offset]
        let highWatermarks: [TopicPartition: Offset]
        let ends: [TopicPartition: Offset]

        func offsets(_ place: RecordPlace) async throws -> [TopicPartition: Offset] {
            switch place {
            case .earliest: begins
            case .latest: ends
            case .offset(let offset): ends.mapValues { _ in offset }
            case .countFromEnd(let count):
                ends.merging(begins) { end, begin in
                    Offset(max(begin.rawValue, end.rawValue - min(count, end.rawValue)))
                }
            case .time(let time):
                try await client.offsets(of: partitions, at: .at(time)).merging(ends) { found, _ in found }
            }
        }

        func check(_ offset: Offset) throws {
            for partition in partitions {
                guard let begin = begins[partition], let end = highWatermarks[partition] else { continue }
                guard offset < begin || offset > end else { continue }
                throw Failure(
                    "\(partition) has offsets \(begin) to \(end)",
                    advice: ["Start at earliest or latest, or at an offset in between."])
            }
        }
    }
}
