// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import FoundationEssentials
internal import Primitives

/// Commands as they travel: by the name of their type, content and outcome as JSON.
enum CommandRegistry {
    private static let byName = Dictionary(uniqueKeysWithValues: ControllerCommands.all.map { ($0.name, $0) })

    /// What a client gives as a quota may be no number that JSON has.
    private static let infinity = "infinity"
    private static let notANumber = "not a number"

    static func command(named name: String) -> (any ControllerCommand.Type)? { byName[name] }

    /// - Throws: `.undecodable`.
    static func decode<Content: Decodable>(_ type: Content.Type, from bytes: SharedBytes) throws(SubmitRefusal)
        -> Content
    {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-\(infinity)", nan: notANumber)
        do {
            return try decoder.decode(type, from: Data(bytes.array))
        } catch {
            throw .undecodable("\(error)")
        }
    }

    static func encode(_ content: some Encodable) -> SharedBytes {
        let encoder = JSONEncoder()
        // Equal commands have equal bytes, which a replayed run relies on.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-\(infinity)", nan: notANumber)
        do {
            return SharedBytes([UInt8](try encoder.encode(content)))
        } catch {
            preconditionFailure("\(type(of: content)) does not encode: \(error)")
        }
    }
}
