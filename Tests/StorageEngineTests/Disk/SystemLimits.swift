// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Makes io_uring_setup fail in this process from here on, as the default seccomp profile of containers does.
///
/// `prctl` is variadic and so hidden from Swift; called through its address with all five arguments as registers.
func refuseRingSetup(errno number: Int32) throws {
    typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let prctl = unsafeBitCast(try #require(dlsym(nil, "prctl")), to: Prctl.self)
    let (setNoNewPrivileges, setSeccomp, filterMode) = (Int32(38), Int32(22), UInt(2))
    // Load the system call's number; io_uring_setup (425 everywhere) gets the errno, all others pass.
    var program: [Instruction] = [
        Instruction(code: 0x20, ifTrue: 0, ifFalse: 0, operand: 0),
        Instruction(code: 0x15, ifTrue: 0, ifFalse: 1, operand: 425),
        Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0x0005_0000 | UInt32(number)),
        Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0x7fff_0000),
    ]
    try #require(prctl(setNoNewPrivileges, 1, 0, 0, 0) == 0)
    let result = program.withUnsafeMutableBufferPointer { instructions in
        var filter = Filter(count: UInt16(instructions.count), instructions: instructions.baseAddress)
        return withUnsafePointer(to: &filter) { prctl(setSeccomp, filterMode, UInt(bitPattern: $0), 0, 0) }
    }
    try #require(result == 0)
}

/// `struct sock_filter` and `struct sock_fprog` of linux/filter.h.
private struct Instruction {
    let code: UInt16
    let ifTrue: UInt8
    let ifFalse: UInt8
    let operand: UInt32
}

private struct Filter {
    let count: UInt16
    let instructions: UnsafeMutablePointer<Instruction>?
}

/// Lends the root of a file system of 16 MiB in memory. Cancels the test where mounting is not allowed.
func withSmallFileSystem(_ body: (String) throws -> Void) throws {
    try withDirectory { root in
        guard try run("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", root]) == 0 else {
            try Test.cancel("mounting a file system of 16 MiB is not allowed here")
        }
        defer { _ = try? run("umount", ["-l", root]) }
        try body(root)
    }
}

private func run(_ command: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}
