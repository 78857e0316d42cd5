// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The file `partition.metadata`: which topic the folder was made for (KIP-516), as two lines of text.
enum PartitionMetadata {
    static func encode(_ topic: TopicID) -> SharedBytes { SharedBytes("version: 0\ntopic_id: \(topic)") }

    /// Whether these bytes are what a crash may leave of a file that was not synchronized: nothing, or a beginning with
    /// zeros after it.
    static func isUnfinished(_ bytes: SharedBytes?) -> Bool {
        guard var found = bytes?.array else { return true }
        while found.last == 0 { found.removeLast() }
        let whole = encode(.zero).array
        let head = whole.count - TopicID.zero.description.utf8.count
        return found.count < whole.count && found.prefix(head).elementsEqual(whole.prefix(min(head, found.count)))
    }

    static func decode(_ bytes: SharedBytes) throws(DecodeError) -> TopicID {
        var reader = ByteReader(bytes)
        let lines = try reader.readString(count: bytes.count).split(separator: "\n")
        guard lines.count == 2, lines[0] == "version: 0", lines[1].hasPrefix("topic_id: "),
            let topic = TopicID(String(lines[1].dropFirst(10)))
        else { throw DecodeError(.invalidValue(Int64(lines.count)), at: 0) }
        return topic
    }
}
