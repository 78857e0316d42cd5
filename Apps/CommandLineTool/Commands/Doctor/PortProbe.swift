// SPDX-License-Identifier: Apache-2.0

import Foundation
import Transport

/// Who answers on a TCP port, found out by speaking to it.
struct PortProbe {
    enum Finding: Equatable {
        /// The name is in no name service.
        case unknownHost
        /// The host says that nobody listens.
        case closed
        /// Nothing comes back: wrong address, a firewall, a host that is down.
        case silent
        case unreachable(reason: String)
        /// The port is open, and this speaks there.
        case speaks(Speech)
    }

    enum Speech: Equatable {
        case kafka, http, tls
        /// Accepts connections and says nothing that is known here.
        case unknown
    }

    private static let timeoutMilliseconds: Int32 = 1500

    let address: NetworkAddress

    /// Takes up to a few seconds and a thread.
    func run() -> Finding {
        let found = connect()
        guard case .success(let descriptor) = found else {
            guard case .failure(let refusal) = found else { return .silent }
            return refusal.finding
        }
        close(descriptor)
        for (question, speech, isAnswer) in Self.questions {
            guard case .success(let descriptor) = connect() else { return .speaks(.unknown) }
            defer { close(descriptor) }
            if isAnswer(Self.ask(question, on: descriptor)) { return .speaks(speech) }
        }
        return .speaks(.unknown)
    }

    private typealias Question = (bytes: [UInt8], speech: Speech, isAnswer: @Sendable ([UInt8]) -> Bool)

    private static let questions: [Question] = [
        (kafkaApiVersions, .kafka, { $0.count >= 8 && Array($0[4..<8]) == kafkaCorrelation }),
        (Array("GET / HTTP/1.0\r\n\r\n".utf8), .http, { $0.starts(with: "HTTP/".utf8) }),
        // An alert is the answer of a TLS server to a record that makes no sense.
        ([0x16, 0x03, 0x01, 0x00, 0x01, 0x00], .tls, { $0.count >= 2 && $0[0] == 0x15 && $0[1] == 0x03 }),
    ]

    private static let kafkaCorrelation: [UInt8] = [0x4d, 0x59, 0x45, 0x4c]

    /// ApiVersions, version 0, without a client id: size, key 18, version, correlation id, null.
    private static let kafkaApiVersions: [UInt8] = [0, 0, 0, 10, 0, 18, 0, 0] + kafkaCorrelation + [0xff, 0xff]

    private struct Refusal: Error { let finding: Finding }

    private func connect() -> Result<Int32, Refusal> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &list) == 0 else {
            return .failure(Refusal(finding: .unknownHost))
        }
        defer { freeaddrinfo(list) }
        var last = Finding.unknownHost
        var candidate = list
        while let next = candidate?.pointee {
            switch Self.connect(to: next) {
            case .success(let descriptor): return .success(descriptor)
            case .failure(let refusal): last = refusal.finding
            }
            candidate = next.ai_next
        }
        return .failure(Refusal(finding: last))
    }

    private static func connect(to candidate: addrinfo) -> Result<Int32, Refusal> {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(candidate.ai_family, type, 0)
        guard descriptor >= 0 else { return .failure(Refusal(finding: .unreachable(reason: systemText(errno)))) }
        var number = Foundation.connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0 ? 0 : errno
        if number == EINPROGRESS {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&waiting, 1, timeoutMilliseconds) == 1 {
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
            } else {
                number = ETIMEDOUT
            }
        }
        guard number != 0 else { return .success(descriptor) }
        close(descriptor)
        switch number {
        case ECONNREFUSED: return .failure(Refusal(finding: .closed))
        case ETIMEDOUT: return .failure(Refusal(finding: .silent))
        default: return .failure(Refusal(finding: .unreachable(reason: systemText(number))))
        }
    }

    /// What comes back first, if anything does in time.
    private static func ask(_ question: [UInt8], on descriptor: Int32) -> [UInt8] {
        guard send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else { return [] }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, timeoutMilliseconds) == 1 else { return [] }
        var answer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &answer, answer.count, 0)
        return Array(answer.prefix(max(count, 0)))
    }
}
