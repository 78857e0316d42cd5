// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

/// A cluster that somebody works with.
package struct Profile: Codable, Equatable, Sendable {
    package var name: String
    /// `host`, `host:port`, `[v6]:port`.
    package var cluster: String

    package init(name: String, cluster: String) {
        self.name = name
        self.cluster = cluster
    }
}

/// The tool's own settings: `~/.config/myelin/config.yaml`, or below `XDG_CONFIG_HOME`.
package struct ProfileFile: Equatable, Sendable {
    /// The profile that counts when nothing else is said.
    package var current: String?
    /// In the order they were added; names are unique.
    package var profiles: [Profile]

    package init(current: String? = nil, profiles: [Profile] = []) {
        self.current = current
        self.profiles = profiles
    }

    package subscript(name: String) -> Profile? { profiles.first { $0.name == name } }

    /// Adds a profile, or gives the one of that name a new address.
    package mutating func put(_ profile: Profile) {
        if let index = profiles.firstIndex(where: { $0.name == profile.name }) {
            profiles[index] = profile
        } else {
            profiles.append(profile)
        }
    }

    /// Forgets a profile; it is then not the current one either.
    package mutating func remove(_ name: String) {
        profiles.removeAll { $0.name == name }
        if current == name { current = nil }
    }

    /// The error of a name that is in no profile.
    func unknown(_ name: String) -> Failure {
        let names = profiles.map(\.name)
        let nearest = Nearest.name(to: name, among: names)
        return .usage(
            "there is no profile '\(name)'",
            advice: [
                nearest.map { "Did you mean '\($0)'?" }
                    ?? (names.isEmpty ? "There is none at all." : "There are: \(names.joined(separator: ", "))."),
                "Add one with: myelin config profile add \(name) HOST:PORT",
            ])
    }

    package static func path(environment: [String: String]) -> String {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/myelin/config.yaml" }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.config/myelin/config.yaml"
    }

    /// The file's content; an absent file has no profiles.
    package static func load(from path: String) throws -> ProfileFile {
        guard FileManager.default.fileExists(atPath: path) else { return ProfileFile() }
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return text.allSatisfy(\.isWhitespace)
                ? ProfileFile() : try YAMLDecoder().decode(ProfileFile.self, from: text)
        } catch {
            throw Failure(
                "\(path) cannot be read: \(reason(error))",
                advice: ["Correct it, or move it away and add the profiles again."])
        }
    }

    /// Writes the whole file or nothing, readable by its owner only.
    package func save(to path: String) throws {
        do {
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let text = try YAMLEncoder().encode(self)
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw Failure("\(path) cannot be written: \(reason(error))")
        }
    }
}

extension ProfileFile: Codable {
    private enum CodingKeys: String, CodingKey { case current, profiles }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        current = try container.decodeIfPresent(String.self, forKey: .current)
        profiles = try container.decodeIfPresent([Profile].self, forKey: .profiles) ?? []
    }
}

/// What an error of Foundation or Yams says, in one line.
func reason(_ error: any Error) -> String {
    let text =
        switch error {
        case let error as CocoaError: error.underlying.map { systemText(Int32($0.code)) } ?? error.localizedDescription
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        case DecodingError.typeMismatch(_, let context): context.debugDescription
        default: "\(error)"
        }
    return text.split(separator: "\n").joined(separator: "; ")
}

extension CocoaError {
    fileprivate var underlying: NSError? { userInfo[NSUnderlyingErrorKey] as? NSError }
}
