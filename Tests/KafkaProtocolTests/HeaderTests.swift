// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import Testing

@Suite("Headers")
struct HeaderTests {
    private func frame(key: Int16, version: Int16, rest: [UInt8] = []) -> ByteReader {
        var writer = ByteWriter()
        RequestHeader(apiKey: key, apiVersion: version, correlationID: 7, clientID: nil)
            .encode(into: &writer, headerVersion: 0)
        writer.writeBytes(rest)
        return ByteReader(writer.shared)
    }

    @Test("ApiVersions of a version to come can still be answered")
    func futureApiVersions() throws {
        var reader = frame(key: 18, version: 99, rest: [0xff, 0xff, 0xff])
        let request = try IncomingRequest(decoding: &reader)
        let header = RequestHeader(apiKey: 18, apiVersion: 99, correlationID: 7, clientID: nil)
        #expect(request == .unsupportedVersion(.apiVersions, header))
    }

    @Test("an API there is no code for is named by its number")
    func unknownAPI() throws {
        var reader = frame(key: 999, version: 0)
        let request = try IncomingRequest(decoding: &reader)
        #expect(request == .unknownAPI(RequestHeader(apiKey: 999, apiVersion: 0, correlationID: 7, clientID: nil)))
    }

    @Test("versions on either side of the valid ones are told apart", arguments: APIKey.allCases)
    func edges(_ key: APIKey) throws {
        for version in [key.validVersions.lowerBound - 1, key.validVersions.upperBound + 1] {
            var reader = frame(key: key.rawValue, version: version, rest: [0xff, 0xff, 0])
            guard case .unsupportedVersion(key, _) = try IncomingRequest(decoding: &reader) else {
                Issue.record("version \(version) of \(key) passed")
                continue
            }
        }
        for version in [key.validVersions.lowerBound, key.validVersions.upperBound] {
            var reader = frame(key: key.rawValue, version: version, rest: [0xff, 0xff, 0])
            guard case .supported(key, _) = try IncomingRequest(decoding: &reader) else {
                Issue.record("version \(version) of \(key) did not pass")
                continue
            }
            #expect(reader.position == (key.isFlexible(version) ? 11 : 10))
        }
    }

    @Test("a header shorter than eight bytes is refused")
    func short() {
        for count in 0..<8 {
            var reader = ByteReader(SharedBytes([UInt8](repeating: 0, count: count)))
            #expect(throws: DecodeError.self) { try IncomingRequest(decoding: &reader) }
        }
    }

    @Test("a header comes back in every header version", arguments: [0, 1, 2] as [Int16])
    func roundTrip(headerVersion: Int16) throws {
        let clientID = headerVersion == 0 ? nil : "grün"
        let header = RequestHeader(apiKey: 3, apiVersion: 9, correlationID: -1, clientID: clientID)
        var writer = ByteWriter()
        header.encode(into: &writer, headerVersion: headerVersion)
        var reader = ByteReader(writer.shared)
        #expect(try RequestHeader(decoding: &reader, headerVersion: headerVersion) == header)
        #expect(reader.isAtEnd)
    }

    @Test("the answer to ApiVersions has a header without tagged fields in all versions")
    func responseHeaderVersions() {
        #expect(APIKey.apiVersions.validVersions.allSatisfy { APIKey.apiVersions.responseHeaderVersion(for: $0) == 0 })
        #expect(APIKey.fetch.responseHeaderVersion(for: 11) == 0)
        #expect(APIKey.fetch.responseHeaderVersion(for: 12) == 1)
    }

    @Test("what ApiVersions claims is nothing there is no code for, but for the Produce versions of KAFKA-18659")
    func advertised() {
        for key in APIKey.allCases where key != .produce {
            #expect(key.validVersions.lowerBound <= key.advertisedVersions.lowerBound)
            #expect(key.advertisedVersions.upperBound <= key.validVersions.upperBound)
        }
        #expect(APIKey.produce.advertisedVersions == 0...13)
        #expect(APIKey.initProducerId.advertisedVersions == 0...5)
    }
}
