// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Bytes by position, zero where nothing was written. A copy shares what neither side changes.
struct SparseBytes {
    static let sectorByteCount: Int64 = 512
    static let pageByteCount: Int64 = 4096

    private var pages: [Int64: [UInt8]] = [:]

    mutating func write(_ bytes: [UInt8], at position: Int64) {
        var done = 0
        while done < bytes.count {
            let (page, start) = Self.place(position + Int64(done))
            let count = min(bytes.count - done, Int(Self.pageByteCount) - start)
            pages[page, default: Self.emptyPage].replaceSubrange(
                start..<start + count, with: bytes[done..<done + count])
            done += count
        }
    }

    func read(at position: Int64, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let (page, start) = Self.place(position + Int64(bytes.count))
            let length = min(count - bytes.count, Int(Self.pageByteCount) - start)
            if let found = pages[page] {
                bytes.append(contentsOf: found[start..<start + length])
            } else {
                bytes.append(contentsOf: repeatElement(0, count: length))
            }
        }
        return bytes
    }

    /// Makes everything from `size` on zero.
    mutating func clear(from size: Int64) {
        let (boundary, start) = Self.place(size)
        pages = pages.filter { $0.key <= boundary }
        pages[boundary]?.replaceSubrange(start..., with: repeatElement(0, count: Int(Self.pageByteCount) - start))
    }

    /// Takes the first `count` bytes of a sector from `source`, and puts them at sector `target`.
    mutating func copySector(_ sector: Int64, from source: SparseBytes, to target: Int64, count: Int = 512) {
        write(source.read(at: sector * Self.sectorByteCount, count: count), at: target * Self.sectorByteCount)
    }

    private static let emptyPage = [UInt8](repeating: 0, count: Int(pageByteCount))

    private static func place(_ position: Int64) -> (page: Int64, start: Int) {
        (position / pageByteCount, Int(position % pageByteCount))
    }
}

/// The units of `unit` bytes that a range touches.
func units(of unit: Int64, at position: Int64, count: Int) -> Range<Int64> {
    count == 0 ? 0..<0 : position / unit..<(position + Int64(count) - 1) / unit + 1
}
