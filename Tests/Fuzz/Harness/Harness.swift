// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
public import Primitives

/// The run loop of libFuzzer, which is linked in by `-sanitize=fuzzer`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target of this process: libFuzzer's callback carries no context.
private nonisolated(unsafe) var target: (SharedBytes) -> Void = { _ in }

/// Calls `body` with one input after the other until libFuzzer's arguments, those of the process, say that it is enough.
///
/// A trap in `body` is a finding: libFuzzer leaves the input in a file and ends the process.
public func fuzz(_ body: @escaping (SharedBytes) -> Void) {
    target = body
    var argumentCount = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    let status = runDriver(&argumentCount, &arguments) { start, count in
        target(SharedBytes(Array(UnsafeBufferPointer(start: start, count: count))))
        return 0
    }
    precondition(status == 0, "the fuzzer ended with \(status)")
}

/// Bytes that `body` asked of the allocator; what it freed meanwhile is not taken off, so its peak is no higher.
public func allocatedByteCount(by body: () -> Void) -> Int {
    let before = myelin_allocated_byte_count()
    body()
    return Int(myelin_allocated_byte_count() - before)
}

/// A finding unless `condition` holds. Unlike that of `precondition`, the message is printed in release too.
public func require(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line
) {
    if !condition { fatalError(message(), file: file, line: line) }
}
