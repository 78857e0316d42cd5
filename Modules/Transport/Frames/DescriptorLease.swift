// SPDX-License-Identifier: Apache-2.0

public import Primitives

#if canImport(Glibc)
    import Glibc
#endif

/// A duplicate of an open file's descriptor, closed when nobody holds it any more.
///
/// So a file can be sent from although its owner closes or deletes it meanwhile: the duplicate keeps the file, and its
/// number cannot be given to another file.
public final class DescriptorLease: Sendable {
    public let descriptor: Int32

    /// - Throws: the system's number when no descriptor can be had.
    public init(duplicating descriptor: Int32) throws(DescriptorFault) {
        self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard self.descriptor >= 0 else { throw DescriptorFault(errno: errno) }
    }

    /// Reads a part of the file, waiting for the device where the page cache does not have it.
    ///
    /// - Returns: nil when the file ends before, or cannot be read.
    public func bytes(at position: Int64, count: Int) -> SharedBytes? {
        var done = 0
        let bytes = unsafe SharedBytes(count: count) { target in
            while done < count {
                // Proof: `done` < `count`, which is the size of `target`.
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done...])
                let got = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(position) + off_t(done))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { return }
                done += got
            }
        }
        return done == count ? bytes : nil
    }

    deinit {
        // Nothing was written through it, so its close has nothing to report.
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }
}
