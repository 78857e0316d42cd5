// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How a transaction ended.
public enum TransactionOutcome: Int16, Sendable {
    case aborted = 0
    case committed = 1
}

/// The control record that ends a transaction (KIP-98). Key: version and type, 16 bits each. Value: version, 16 bits, and
/// coordinator epoch, 32 bits. Readers take later versions with fields after these.
public struct EndTransactionMarker: Equatable, Sendable {
    public let outcome: TransactionOutcome
    public let coordinatorEpoch: Int32

    private static let version: Int16 = 0

    public init(outcome: TransactionOutcome, coordinatorEpoch: Int32) {
        self.outcome = outcome
        self.coordinatorEpoch = coordinatorEpoch
    }

    /// Reads a record of a control batch; nil when its type is another one, which readers pass over.
    public init?(_ record: Record) throws(DecodeError) {
        guard let key = record.key else { throw DecodeError(.unexpectedNull, at: 0) }
        var reader = ByteReader(key)
        let keyVersion = try reader.readInt16()
        guard keyVersion >= 0 else { throw DecodeError(.invalidValue(Int64(keyVersion)), at: 0) }
        guard let outcome = TransactionOutcome(rawValue: try reader.readInt16()) else { return nil }
        guard let value = record.value else { throw DecodeError(.unexpectedNull, at: 0) }
        reader = ByteReader(value)
        let valueVersion = try reader.readInt16()
        guard valueVersion >= 0 else { throw DecodeError(.invalidValue(Int64(valueVersion)), at: 0) }
        self.init(outcome: outcome, coordinatorEpoch: try reader.readInt32())
    }

    /// Reads a control batch; nil when compaction has emptied it, or it is of a kind that ends no transaction.
    public init?(_ batch: Batch) {
        do throws(RecordsError) {
            var records = try Records(batch, using: Decompressor())
            guard let record = try records.next() else { return nil }
            do throws(DecodeError) {
                guard let marker = try EndTransactionMarker(record) else { return nil }
                self = marker
            } catch { return nil }
        } catch { return nil }
    }

    var key: SharedBytes {
        var writer = ByteWriter()
        writer.writeInt16(Self.version)
        writer.writeInt16(outcome.rawValue)
        return writer.shared
    }

    var value: SharedBytes {
        var writer = ByteWriter()
        writer.writeInt16(Self.version)
        writer.writeInt32(coordinatorEpoch)
        return writer.shared
    }
}
