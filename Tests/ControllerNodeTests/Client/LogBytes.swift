// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch

/// Record batches as a controller sends them.
enum LogBytes {
    static func batch(_ records: [MetadataRecord], from base: Offset, term: Term) -> SharedBytes {
        var builder = BatchBuilder()
        for record in records {
            var writer = ByteWriter()
            record.encode(into: &writer)
            builder.append(timestamp: Timestamp(0), value: writer.shared)
        }
        let batch = builder.build(
            using: Compressor(), baseOffset: base, leaderEpoch: LeaderEpoch(Int32(term.rawValue)))
        return batch.bytes
    }
}
