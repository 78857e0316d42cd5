// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A name and a value that travel with a record. Names need not be unique; their order is kept.
public struct RecordHeader: Equatable, Sendable {
    /// UTF-8 by convention, not checked. Never null.
    public var key: SharedBytes
    public var value: SharedBytes?

    public init(key: SharedBytes, value: SharedBytes?) {
        self.key = key
        self.value = value
    }
}

/// One record, its offset and time resolved from its batch.
public struct Record: Equatable, Sendable {
    /// Where the record stands in the partition; in a batch not yet stored it counts from 0.
    public var offset: Offset
    public var timestamp: Timestamp
    public var key: SharedBytes?
    /// Null deletes the key in a compacted topic.
    public var value: SharedBytes?
    public var headers: [RecordHeader]

    public init(
        offset: Offset = .zero, timestamp: Timestamp, key: SharedBytes? = nil, value: SharedBytes?,
        headers: [RecordHeader] = []
    ) {
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}
