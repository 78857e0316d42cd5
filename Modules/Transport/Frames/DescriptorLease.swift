// SPDX-License-Identifier: Apache-2.0

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

    deinit {
        // Nothing was written through it, so its close has nothing to report.
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }
}
