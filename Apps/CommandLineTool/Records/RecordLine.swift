// SPDX-License-Identifier: Apache-2.0

package import MyelinClient
package import Primitives
package import RecordBatch

/// How a line becomes a record.
package struct RecordLine: Sendable {
    /// What stands between key and value; nil where lines have no key.
    package var separator: [UInt8]?
    /// Key of every record whose line has none.
    package var key: SharedBytes?
    /// An empty value is a null one: the tombstone of a compacted topic.
    package var emptyIsNull: Bool
    package var headers: [RecordHeader]

    package init(
        separator: [UInt8]? = nil, key: SharedBytes? = nil, emptyIsNull: Bool = false, headers: [RecordHeader] = []
    ) {
        self.separator = separator
        self.key = key
        self.emptyIsNull = emptyIsNull
        self.headers = headers
    }

    /// The record of a line: cut at the first separator; a line without one is all value.
    package func record(
        from line: [UInt8], to topic: String, _ partition: PartitionIndex? = nil
    ) -> ProducerRecord {
        var (key, value) = (key, line[...])
        if let separator, let range = line.firstRange(of: separator) {
            key = SharedBytes(Array(line[..<range.lowerBound]))
            value = line[range.upperBound...]
        }
        let bytes = emptyIsNull && value.isEmpty ? nil : SharedBytes(Array(value))
        return ProducerRecord(topic: topic, partition: partition, key: key, value: bytes, headers: headers)
    }
}
