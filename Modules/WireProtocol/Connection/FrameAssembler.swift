// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Cuts frames out of what reads deliver.
///
/// A frame inside one read is sliced; one that came in several reads is joined when its last byte is there, so that no
/// memory is ever reserved by a length that was only claimed.
public struct FrameAssembler: Sendable {
    /// A slice below this part of its read is copied, else a small frame that is kept would keep the whole read.
    static let sliceDivisorMax = 8

    private var queue = ByteQueue()
    /// Parsed as soon as its bytes are there, and once.
    private var header: FrameHeader?

    public init() {}

    /// Bytes received and not yet cut.
    public var byteCount: Int { queue.count }

    /// Adds what one read delivered.
    public mutating func append(_ bytes: SharedBytes) { queue.append(bytes) }

    /// The next whole frame; nil until its last byte is there.
    ///
    /// - Throws: as `FrameHeader.init(parsing:)` and `.invalidLength` for lengths above the limits, once the header is
    ///   there; `.payloadChecksumMismatch`. Nothing can be read after an error.
    public mutating func next(
        payloadBytesMax: Int, messageBytesMax: Int
    ) throws(RPCError) -> Frame? {
        guard let header = try readHeader() else { return nil }
        guard header.payloadByteCount <= payloadBytesMax else {
            throw RPCError(
                .invalidLength,
                "a \(header.type) frame of \(header.payloadByteCount) bytes; at most \(payloadBytesMax) are allowed")
        }
        guard header.messageByteCount <= messageBytesMax else {
            throw RPCError(
                .invalidLength,
                "a message of \(header.messageByteCount) bytes; at most \(messageBytesMax) are allowed")
        }
        guard byteCount >= header.frameByteCount else { return nil }
        let payload = try cut(header)
        self.header = nil
        return Frame(header: header, payload: payload)
    }

    private mutating func readHeader() throws(RPCError) -> FrameHeader? {
        if let header { return header }
        guard byteCount > 0 else { return nil }
        guard byteCount >= FrameHeader.byteCount else {
            try FrameHeader.checkMagic(queue.front(holding: byteCount), at: 0)
            return nil
        }
        header = try FrameHeader(parsing: queue.front(holding: FrameHeader.byteCount))
        return header
    }

    /// Takes a frame that is there in full.
    private mutating func cut(_ header: FrameHeader) throws(RPCError) -> Payload {
        let read = queue.front(holding: header.frameByteCount)
        _ = queue.take(header.frameByteCount)
        guard header.payloadByteCount > 0 else { return Payload() }
        var payload = read.slice(from: FrameHeader.byteCount, count: header.payloadByteCount)
        let expected: UInt32 = read.loadBigEndian(at: FrameHeader.byteCount + header.payloadByteCount)
        let actual = CRC32C.checksum(of: payload)
        guard expected == actual else {
            throw RPCError(
                .payloadChecksumMismatch,
                "the payload of a \(header.type) frame has checksum \(actual), not \(expected)")
        }
        if payload.count < read.count / Self.sliceDivisorMax { payload = payload.copied }
        let message = payload.slice(from: 0, count: header.messageByteCount)
        let rest = payload.count - header.messageByteCount
        guard rest > 0 else { return Payload(message: message) }
        return Payload(message: message, attachments: [payload.slice(from: header.messageByteCount, count: rest)])
    }
}

extension SharedBytes {
    /// The same bytes in memory of their own.
    var copied: SharedBytes {
        unsafe withUnsafeBytes { source in
            unsafe SharedBytes(count: source.count) { target in unsafe target.copyMemory(from: source) }
        }
    }
}
