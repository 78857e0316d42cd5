// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Foundation
import Testing

@Suite("profiles")
struct ProfileFileTests {
    private func withPath(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-profiles-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "deep/config.yaml").path)
    }

    @Test("what was saved is loaded, and only its owner can read it")
    func roundTrip() throws {
        try withPath { path in
            var file = ProfileFile()
            file.put(Profile(name: "local", cluster: "127.0.0.1:9190"))
            file.put(Profile(name: "true", cluster: "[::1]:9190"))
            file.put(Profile(name: "local", cluster: "127.0.0.1:9191"))
            file.current = "true"
            try file.save(to: path)
            #expect(try ProfileFile.load(from: path) == file)
            #expect(file.profiles.map(\.cluster) == ["127.0.0.1:9191", "[::1]:9190"])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("removing the current profile leaves none current")
    func removal() {
        var file = ProfileFile(
            current: "a", profiles: [Profile(name: "a", cluster: "x"), Profile(name: "b", cluster: "y")])
        file.remove("a")
        #expect(file == ProfileFile(current: nil, profiles: [Profile(name: "b", cluster: "y")]))
    }

    @Test("an absent or empty file has no profiles")
    func absent() throws {
        try withPath { path in
            #expect(try ProfileFile.load(from: path) == ProfileFile())
            try ProfileFile().save(to: path)
            try Data().write(to: URL(filePath: path))
            #expect(try ProfileFile.load(from: path) == ProfileFile())
        }
    }

    @Test(
        "a file that is no YAML of ours is refused by its name",
        arguments: ["profiles: 5", "{", "profiles:\n- name: x\n"])
    func damaged(text: String) throws {
        try withPath { path in
            try ProfileFile().save(to: path)
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect { try ProfileFile.load(from: path) } throws: { ($0 as? Failure)?.message.contains(path) == true }
        }
    }

    @Test("XDG_CONFIG_HOME comes before HOME")
    func paths() {
        #expect(ProfileFile.path(environment: ["HOME": "/h"]) == "/h/.config/myelin/config.yaml")
        #expect(ProfileFile.path(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "/x"]) == "/x/myelin/config.yaml")
        #expect(
            ProfileFile.path(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "x"]) == "/h/.config/myelin/config.yaml")
    }
}
