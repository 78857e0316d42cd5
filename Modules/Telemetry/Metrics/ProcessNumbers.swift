// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#endif

/// What the system knows of this process, read from `/proc`.
public enum ProcessNumbers {
    /// Adds the `myelin_process_…` metrics; those the system does not tell are left out.
    public static func read(into set: inout MetricSet) {
        let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        let pageByteCount = Int64(sysconf(Int32(_SC_PAGESIZE)))
        // The command's name, in parentheses, may hold spaces: fields count from after it, the state being the third.
        if let stat = file("/proc/self/stat"), let nameEnd = stat.lastIndex(of: ")") {
            let fields = stat[nameEnd...].dropFirst(2).split(separator: " ").map { Int64($0) ?? 0 }
            if fields.count > 21 {
                let nanosecondsPerTick = 1_000_000_000 / ticksPerSecond
                set.add(fields[11] * nanosecondsPerTick, to: MetricCatalogue.processorTime, "user")
                set.add(fields[12] * nanosecondsPerTick, to: MetricCatalogue.processorTime, "system")
                set.add(fields[21] * pageByteCount, to: MetricCatalogue.residentBytes)
                if let bootSeconds = bootTime() {
                    let start = bootSeconds * 1_000_000_000 + fields[19] * nanosecondsPerTick
                    set.add(start, to: MetricCatalogue.startTime)
                }
            }
        }
        if let count = openDescriptorCount() { set.add(count, to: MetricCatalogue.openDescriptors) }
    }

    private static func bootTime() -> Int64? {
        let line = file("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) }
    }

    private static func openDescriptorCount() -> Int64? {
        guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(directory) }
        var count: Int64 = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Without `.`, `..` and the descriptor that reads the directory.
        return count - 3
    }

    private static func file(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
