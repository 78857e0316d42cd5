// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Cuts frames out of what reads deliver.
///
/// A frame inside one read is sliced; one that came in several reads is joined when its last byte is there, so that no
/// memory is ever reserved by a length that was only claimed.
public struct FrameAssembler: Sendable {
    /// A slice below this part of its read is copied, else a small frame that is kept would keep the whole read.
    static let sliceDivisorMax = 8
    /// Pieces are joined up to this size as they come, else who sends byte by byte costs many times what it sends.
    static let pieceBytesMin = 8 << 10

    private var pieces: [SharedBytes] = []
    /// Bytes received and not yet cut.
    public private(set) var byteCount = 0
    /// Parsed as soon as its bytes are there, and once.
    private var header: FrameHeader?

    public init() {}

    /// Adds what one read delivered.
    public mutating func append(_ bytes: SharedBytes) {
        guard !bytes.isEmpty else { return }
        byteCount += bytes.count
        guard let last = pieces.last, last.count + bytes.count <= Self.pieceBytesMin else {
            return pieces.append(bytes)
        }
        pieces[pieces.count - 1] = SharedBytes.joined([last, bytes])
    }

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
            join(byteCount)
            try FrameHeader.checkMagic(pieces[0], at: 0)
            return nil
        }
        join(FrameHeader.byteCount)
        header = try FrameHeader(parsing: pieces[0])
        return header
    }

    /// Takes a frame that is there in full.
    private mutating func cut(_ header: FrameHeader) throws(RPCError) -> Payload {
        let size = header.frameByteCount
        join(size)
        let read = pieces[0]
        drop(size)
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

    /// Makes the first `count` bytes lie in the first piece.
    private mutating func join(_ count: Int) {
        guard pieces[0].count < count else { return }
        var joined = 0
        var used = 0
        while joined < count {
            joined += pieces[used].count
            used += 1
        }
        let whole = SharedBytes.joined(pieces[0..<used])
        pieces.replaceSubrange(0..<used, with: CollectionOfOne(whole))
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        if pieces[0].count == count {
            pieces.removeFirst()
        } else {
            pieces[0] = pieces[0].slice(from: count, count: pieces[0].count - count)
        }
    }
}

extension SharedBytes {
    /// The bytes of `parts`, one after the other, in memory of their own.
    static func joined(_ parts: some Collection<SharedBytes>) -> SharedBytes {
        unsafe SharedBytes(count: parts.reduce(0) { $0 + $1.count }) { target in
            var position = 0
            for part in parts {
                // Proof: the parts' sizes add up to that of the target.
                unsafe part.withUnsafeBytes { source in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: source)
                }
                position += part.count
            }
        }
    }

    /// The same bytes in memory of their own.
    var copied: SharedBytes {
        unsafe withUnsafeBytes { source in
            unsafe SharedBytes(count: source.count) { target in unsafe target.copyMemory(from: source) }
        }
    }
}
