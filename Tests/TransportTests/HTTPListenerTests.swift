// SPDX-License-Identifier: Apache-2.0

import Testing
import Transport

@Suite("HTTP listener")
struct HTTPListenerTests {
    /// Answers what it was asked; `/slow` never by itself.
    func withServer(limits: HTTPLimits = HTTPLimits(), _ body: (HTTPListener) async throws -> Void) async throws {
        let listener = try await HTTPListener.bind(host: "127.0.0.1", port: 0, limits: limits) { request in
            if request.path == "/slow" { try? await Task.sleep(for: .seconds(60)) }
            let text = "\(request.method) \(request.path) \(request.query) \(request.body.count)"
            return HTTPResponse(status: request.path == "/absent" ? 404 : 200, text: text)
        }
        try await body(listener)
        await listener.shutDown()
    }

    func exchange(_ text: String, with listener: HTTPListener) async throws -> String {
        let client = try TestClient(port: listener.address.port)
        await client.send(Array(text.utf8))
        return String(decoding: await client.receive(100_000), as: UTF8.self)
    }

    @Test("a request gets the handler's response, and the connection ends when it asks for that")
    func answers() async throws {
        try await withServer { listener in
            let text = try await exchange(
                "GET /metrics?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", with: listener)
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.hasSuffix("\r\n\r\nGET /metrics a=b 0"))
            #expect(text.contains("content-length: 18\r\n"))
        }
    }

    @Test("requests on one connection are answered in order")
    func pipelines() async throws {
        try await withServer { listener in
            let text = try await exchange(
                "GET /absent HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /b HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
                with: listener)
            #expect(text.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            #expect(text.contains("GET /absent  0HTTP/1.1 200 OK"))
            #expect(text.hasSuffix("POST /b  3"))
        }
    }

    @Test("HEAD gets the headers without a body")
    func answersHead() async throws {
        try await withServer { listener in
            let text = try await exchange("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", with: listener)
            #expect(text.contains("content-length: 9\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test("a body beyond the limit gets 413, whatever it claims")
    func refusesLargeBody() async throws {
        var limits = HTTPLimits()
        limits.bodyByteCountMax = 10
        try await withServer(limits: limits) { listener in
            let body = String(repeating: "x", count: 11)
            let text = try await exchange("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n\(body)", with: listener)
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(text.contains("connection: close"))
        }
    }

    @Test("what is no HTTP gets 400 and an end")
    func refusesGarbage() async throws {
        try await withServer { listener in
            let text = try await exchange("\u{0}\u{1}garbage\r\n\r\n", with: listener)
            #expect(text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("a request that does not arrive whole in time is cut, a handler that takes too long gets 503")
    func keepsDeadlines() async throws {
        var limits = HTTPLimits()
        limits.requestMilliseconds = 200
        limits.handlerMilliseconds = 200
        try await withServer(limits: limits) { listener in
            let unfinished = try await exchange("GET / HTTP/1.1\r\nHo", with: listener)
            #expect(unfinished == "")
            let text = try await exchange("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", with: listener)
            #expect(text.hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test("a port that is taken is named in the error")
    func namesTakenPort() async throws {
        try await withServer { listener in
            await #expect(throws: ListenerFault.portInUse(listener.address)) {
                _ = try await HTTPListener.bind(host: "127.0.0.1", port: listener.address.port) { _ in
                    HTTPResponse(status: 200, text: "")
                }
            }
        }
    }
}
