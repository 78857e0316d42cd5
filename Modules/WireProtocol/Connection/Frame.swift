// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A call on a connection, numbered by the side that connected: 1, 2, 3 …
public struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Not a call but the connection itself.
    public static let connection = StreamID(0)
    @inlinable public static func < (left: StreamID, right: StreamID) -> Bool { left.rawValue < right.rawValue }
    public var next: StreamID { StreamID(rawValue + 1) }
    public var description: String { String(rawValue) }
}

/// What a frame is for.
public enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 1
    case request = 2
    case response = 3
    case error = 4
    case data = 5
    case credit = 6
    case cancel = 7
    case ping = 8
    case goaway = 9
}

/// Bits of the flags byte.
public struct FrameFlags: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The sender sends no more items.
    public static let end = FrameFlags(rawValue: 1)
    /// This ping answers one.
    public static let acknowledgement = FrameFlags(rawValue: 2)
}

/// The first 32 bytes of a frame (docs/formats/rpc.md).
public struct FrameHeader: Equatable, Sendable {
    public static let byteCount = 32
    /// Bytes after a payload that is not empty: its CRC32C.
    public static let trailerByteCount = 4
    /// "MYL" and version 1.
    public static let magicAndVersion: UInt32 = 0x4d59_4c01

    public var type: FrameType
    public var flags: FrameFlags
    /// 0 but in a request.
    public var method: MethodID
    public var stream: StreamID
    /// 0: no deadline.
    public var deadlineMilliseconds: UInt32
    /// Message and attachment.
    public var payloadByteCount: Int
    public var messageByteCount: Int

    public init(
        _ type: FrameType, flags: FrameFlags = [], method: MethodID = MethodID(0), stream: StreamID,
        deadlineMilliseconds: UInt32 = 0, payloadByteCount: Int = 0, messageByteCount: Int = 0
    ) {
        self.type = type
        self.flags = flags
        self.method = method
        self.stream = stream
        self.deadlineMilliseconds = deadlineMilliseconds
        self.payloadByteCount = payloadByteCount
        self.messageByteCount = messageByteCount
    }

    /// Header, payload and trailer together: what the frame costs in credit.
    public var frameByteCount: Int { Self.frameByteCount(payload: payloadByteCount) }

    /// The size of a frame whose payload has so many bytes.
    public static func frameByteCount(payload: Int) -> Int {
        payload == 0 ? byteCount : byteCount + payload + trailerByteCount
    }

    /// Reads and checks a header.
    ///
    /// - Throws: `.wrongMagic`, `.unsupportedVersion`, `.headerChecksumMismatch`, `.unknownFrameType`,
    ///   `.unexpectedFrame` for undefined flags, `.invalidLength` for a message longer than its payload.
    /// - Precondition: 32 bytes are there.
    public init(parsing bytes: SharedBytes, at position: Int = 0) throws(RPCError) {
        try Self.checkMagic(bytes, at: position)
        let checksum: UInt32 = bytes.loadBigEndian(at: position + 28)
        let actual = CRC32C.checksum(of: bytes.slice(from: position, count: 28))
        guard checksum == actual else {
            throw RPCError(.headerChecksumMismatch, "the frame header has checksum \(actual), not \(checksum)")
        }
        guard let type = FrameType(rawValue: bytes[position + 4]) else {
            throw RPCError(.unknownFrameType, "no frame has type \(bytes[position + 4])")
        }
        let flags = FrameFlags(rawValue: bytes[position + 5])
        guard flags.isSubset(of: [.end, .acknowledgement]) else {
            throw RPCError(.unexpectedFrame, "a \(type) frame has undefined flags \(flags.rawValue)")
        }
        self.type = type
        self.flags = flags
        method = MethodID(bytes.loadBigEndian(at: position + 6))
        stream = StreamID(bytes.loadBigEndian(at: position + 8))
        deadlineMilliseconds = bytes.loadBigEndian(at: position + 16)
        payloadByteCount = Int(bytes.loadBigEndian(at: position + 20, as: UInt32.self))
        messageByteCount = Int(bytes.loadBigEndian(at: position + 24, as: UInt32.self))
        guard messageByteCount <= payloadByteCount else {
            throw RPCError(
                .invalidLength, "a message of \(messageByteCount) bytes in a payload of \(payloadByteCount)")
        }
    }

    /// Compares as many of the first four bytes as are there, so that a client of another protocol learns it at once.
    static func checkMagic(_ bytes: SharedBytes, at position: Int) throws(RPCError) {
        for index in 0..<min(4, bytes.count - position) {
            let expected = UInt8(truncatingIfNeeded: magicAndVersion >> UInt32(24 - 8 * index))
            guard bytes[position + index] != expected else { continue }
            if index == 3 {
                throw RPCError(
                    .unsupportedVersion, "frames of version \(bytes[position + index]); this node speaks version 1")
            }
            throw RPCError(
                .wrongMagic, "the first bytes are not of Myelin's RPC",
                remedy: "Check that the address is an RPC port (9190 on brokers, 9191 on controllers).")
        }
    }

    /// Appends the 32 bytes.
    public func write(to writer: inout ByteWriter) {
        let start = writer.count
        writer.writeInteger(Self.magicAndVersion)
        writer.writeUInt8(type.rawValue)
        writer.writeUInt8(flags.rawValue)
        writer.writeInteger(method.rawValue)
        writer.writeInteger(stream.rawValue)
        writer.writeInteger(deadlineMilliseconds)
        writer.writeInteger(UInt32(payloadByteCount))
        writer.writeInteger(UInt32(messageByteCount))
        writer.writeInteger(writer.checksum(from: start))
    }
}

extension ByteWriter {
    /// CRC32C of what was written from `start` on.
    func checksum(from start: Int) -> UInt32 {
        var crc = CRC32C()
        unsafe bytes.withUnsafeBytes { unsafe crc.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        return crc.value
    }
}

/// A frame whose checksums are right.
public struct Frame: Equatable, Sendable {
    public var header: FrameHeader
    public var payload: Payload

    public init(header: FrameHeader, payload: Payload = Payload()) {
        self.header = header
        self.payload = payload
    }
}
