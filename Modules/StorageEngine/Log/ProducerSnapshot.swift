// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The file `<offset>.snapshot`: the producers as they were before the record at that offset, in Kafka's version 1.
///
/// Kafka keeps one batch of each producer. What else we know (earlier batches, whether some were forgotten) follows
/// after its last entry, under its checksum, where Kafka's own readers have stopped.
/// - SeeAlso: docs/formats/log.md
enum ProducerSnapshot {
    private static let version: Int16 = 1
    private static let checksumEnd = 6
    private static let entryByteCount = 46
    /// "MYPS": what follows is ours.
    private static let extensionMagic: UInt32 = 0x4d59_5053

    static func encode(_ producers: ProducerStates) -> SharedBytes {
        let states = producers.inOrder
        var writer = ByteWriter(capacity: 64 + states.count * 64)
        writer.writeInt16(version)
        writer.writeInteger(UInt32(0))
        writer.writeInt32(Int32(states.count))
        for state in states { write(state, to: &writer) }
        writer.writeInteger(extensionMagic)
        writer.writeBool(producers.hasForgotten)
        for state in states {
            let earlierCount = max(0, state.entryCount - 1)
            writer.writeUInt8(UInt8(earlierCount))
            for index in 0..<earlierCount { write(state[index], to: &writer) }
        }
        writer.overwriteInteger(CRC32C.checksum(of: Array(writer.bytes[checksumEnd...])), at: checksumEnd - 4)
        return writer.shared
    }

    private static func write(_ state: ProducerState, to writer: inout ByteWriter) {
        var last =
            state.last
            ?? ProducerState.Entry(lastSequence: -1, lastOffset: Offset(-1), offsetDelta: 0, timestamp: .none)
        last.timestamp = state.lastWrite
        writer.writeInt64(state.producerID.rawValue)
        writer.writeInt16(state.epoch.rawValue)
        write(last, to: &writer)
        writer.writeInt32(state.coordinatorEpoch)
        writer.writeInt64(state.transactionStart?.rawValue ?? -1)
    }

    private static func write(_ entry: ProducerState.Entry, to writer: inout ByteWriter) {
        writer.writeInt32(entry.lastSequence)
        writer.writeInt64(entry.lastOffset.rawValue)
        writer.writeInt32(entry.offsetDelta)
        writer.writeInt64(entry.timestamp.rawValue)
    }

    /// - Parameter end: The offset the snapshot was taken at.
    /// - Throws: When version, checksum or length do not fit, or a transaction began after the end.
    static func decode(_ bytes: SharedBytes, before end: Offset) throws(DecodeError) -> ProducerStates {
        var reader = ByteReader(bytes)
        let version = try reader.readInt16()
        guard version == Self.version else { throw DecodeError(.invalidValue(Int64(version)), at: 0) }
        let expected: UInt32 = try reader.readInteger()
        let actual = CRC32C.checksum(of: bytes.slice(from: checksumEnd, count: bytes.count - checksumEnd))
        guard expected == actual else {
            throw DecodeError(.checksumMismatch(expected: expected, actual: actual), at: checksumEnd - 4)
        }
        let count = try reader.checkCount(Int(reader.readInt32()), elementByteCountMin: entryByteCount)
        var heads: [(state: ProducerState, last: ProducerState.Entry)] = []
        for _ in 0..<count { heads.append(try head(&reader)) }
        let isOurs = reader.remaining >= 5
        if isOurs {
            let magic: UInt32 = try reader.readInteger()
            guard magic == extensionMagic else {
                throw DecodeError(.invalidValue(Int64(magic)), at: reader.position - 4)
            }
        }
        var producers = ProducerStates()
        // A snapshot of Kafka's does not tell; believing it complete would refuse producers that it has expired.
        producers.hasForgotten = isOurs ? try reader.readBool() : true
        for (head, last) in heads {
            var state = head
            if isOurs {
                for _ in 0..<(try reader.readUInt8()) { state.add(try entry(&reader)) }
            }
            if last.lastSequence >= 0 { state.add(last) }
            producers.put(state)
        }
        try producers.reopenTransactions(before: end)
        return producers
    }

    private static func head(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> (state: ProducerState, last: ProducerState.Entry) {
        var state = ProducerState(ProducerID(try reader.readInt64()), epoch: ProducerEpoch(try reader.readInt16()))
        let last = try entry(&reader)
        state.lastWrite = last.timestamp
        state.coordinatorEpoch = try reader.readInt32()
        let start = try reader.readInt64()
        state.transactionStart = start >= 0 ? Offset(start) : nil
        return (state, last)
    }

    private static func entry(_ reader: inout ByteReader) throws(DecodeError) -> ProducerState.Entry {
        ProducerState.Entry(
            lastSequence: try reader.readInt32(), lastOffset: Offset(try reader.readInt64()),
            offsetDelta: try reader.readInt32(), timestamp: Timestamp(try reader.readInt64()))
    }
}
