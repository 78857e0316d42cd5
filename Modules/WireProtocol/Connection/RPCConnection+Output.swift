// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension RPCConnection {
    /// Attachments from this size on are passed on as they are; smaller ones are copied behind their header.
    private static let attachmentBytesToShare = 4 << 10

    mutating func write(
        _ type: FrameType, _ payload: Payload = Payload(), flags: FrameFlags = [], method: MethodID = MethodID(0),
        stream: StreamID = .connection, deadlineMilliseconds: UInt32 = 0
    ) {
        guard phase != .closed else { return }
        let header = FrameHeader(
            type, flags: flags, method: method, stream: stream, deadlineMilliseconds: deadlineMilliseconds,
            payloadByteCount: payload.byteCount, messageByteCount: payload.message.count)
        header.write(to: &tail)
        unflushedByteCount += header.frameByteCount
        guard header.payloadByteCount > 0 else { return }
        var crc = CRC32C()
        crc.update(payload.message)
        tail.writeBytes(payload.message)
        for attachment in payload.attachments {
            crc.update(attachment)
            if attachment.count < Self.attachmentBytesToShare {
                tail.writeBytes(attachment)
            } else {
                flushTail()
                outbox.append(attachment)
            }
        }
        tail.writeInteger(crc.value)
    }

    mutating func flushTail() {
        guard tail.count > 0 else { return }
        outbox.append(tail.shared)
        tail.reset()
    }

    /// Tells the other end why, fails all calls, ends.
    mutating func close(_ error: RPCError) {
        guard phase != .closed else { return }
        write(.error, Payload(error))
        end(error)
    }

    /// Ends without a word: the other end is gone or has spoken last.
    mutating func end(_ error: RPCError?) {
        guard phase != .closed else { return }
        phase = .closed
        let lost = error ?? RPCError(.connectionLost, "the connection ended")
        for id in streams.keys.sorted() { events.append(.streamFailed(id, lost)) }
        streams = [:]
        blocked = []
        events.append(.closed(error))
    }

    /// Gives up on an end that asks without reading the answers.
    mutating func checkUnflushed() {
        guard unflushedByteCount > limits.unflushedBytesMax else { return }
        end(RPCError(.overloaded, "\(unflushedByteCount) bytes wait for a peer that does not read"))
    }

    func canSend(on stream: Stream) -> Bool {
        stream.sending.isOpen && sending.isOpen && unflushedByteCount < limits.unflushedBytesHighWater
    }

    /// Wakes every sender that can go on, first come first.
    mutating func wakeBlocked() {
        guard !blocked.isEmpty, sending.isOpen, unflushedByteCount < limits.unflushedBytesHighWater else { return }
        let waiting = blocked
        blocked = []
        for id in waiting {
            guard let stream = streams[id] else { continue }
            if canSend(on: stream) { events.append(.writable(id)) } else { blocked.append(id) }
        }
    }

    /// Forgets a call; a connection that is leaving ends with its last one.
    mutating func remove(_ id: StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        requestByteCount -= stream.requestByteCount
        grantConnection(stream.receiving.heldByteCount)
        endIfDrained()
    }

    mutating func endIfDrained() {
        if isLeaving, streams.isEmpty { end(nil) }
    }

    mutating func grantConnection(_ byteCount: Int) {
        let grant = receiving.take(byteCount)
        if grant > 0 { writeCredit(grant, on: .connection) }
    }

    mutating func writeCredit(_ byteCount: Int, on stream: StreamID) {
        write(.credit, Payload(Credit.with { $0.byteCount = UInt32(clamping: byteCount) }), stream: stream)
    }
}
