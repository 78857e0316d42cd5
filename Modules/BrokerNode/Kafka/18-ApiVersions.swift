// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Tells a client what it may send. Everything in the table of APIs is served.
    func apiVersions(_ request: ApiVersionsRequest, _ context: RequestContext) {
        // KIP-511: software names end up in metrics and listings, so their alphabet is bounded.
        guard context.version < 3 || Self.isSoftwareName(request.clientSoftwareName),
            context.version < 3 || Self.isSoftwareName(request.clientSoftwareVersion)
        else {
            var refusal = ApiVersionsResponse()
            refusal.errorCode = ErrorCode.invalidRequest.rawValue
            return respond(refusal, to: context)
        }
        context.connection.software = (request.clientSoftwareName, request.clientSoftwareVersion)
        var response = ApiVersionsResponse()
        response.apiKeys = Self.claimedVersions
        response.supportedFeatures = Features.supported.map { feature in
            var key = ApiVersionsResponse.SupportedFeatureKey()
            key.name = feature.name
            key.minVersion = feature.levelMin
            key.maxVersion = feature.levelMax
            return key
        }
        response.finalizedFeaturesEpoch = imageOffset.rawValue
        response.finalizedFeatures = image.features().map { feature in
            var key = ApiVersionsResponse.FinalizedFeatureKey()
            key.name = feature.name
            key.minVersionLevel = feature.level
            key.maxVersionLevel = feature.level
            return key
        }
        respond(response, to: context)
    }

    /// A client that asks in a version we do not know gets version 0 with what we do know (KIP-511).
    func apiVersionsUnsupported(_ header: RequestHeader, on connection: KafkaConnection, slot: UInt64) {
        let context = RequestContext(
            connection: connection, slot: slot, api: .apiVersions, version: 0, correlationID: header.correlationID,
            clientID: nil, arrival: now, byteCount: 0, rates: nil)
        var response = ApiVersionsResponse()
        response.errorCode = ErrorCode.unsupportedVersion.rawValue
        response.apiKeys = Self.claimedVersions
        respond(response, to: context)
    }

    private static let claimedVersions = APIKey.allCases.map { key in
        var claim = ApiVersionsResponse.ApiVersion()
        claim.apiKey = key.rawValue
        claim.minVersion = key.advertisedVersions.lowerBound
        claim.maxVersion = key.advertisedVersions.upperBound
        return claim
    }

    private static func isSoftwareName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 255 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
