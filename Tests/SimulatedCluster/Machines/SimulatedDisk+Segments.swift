// SPDX-License-Identifier: Apache-2.0

import Primitives
import Simulation
import StorageEngine

extension SimulatedDisk {
    /// Changes a bit or a sector of a segment on the platter, as the fault says, and has the cache forget the file.
    func damage(
        _ path: String, byteCount: Int, with fault: Fault, using entropy: inout Entropy
    ) throws(DiskFault) {
        if fault == .bitRot {
            let position = Int64(entropy.index(below: byteCount))
            try damage(path, at: position, mask: 1 << UInt8(entropy.index(below: 8)))
        } else {
            let sector = entropy.index(below: (byteCount + 511) / 512) * 512
            for position in sector..<min(sector + 512, byteCount) {
                try damage(path, at: Int64(position), mask: UInt8(entropy.number(in: 1...255)))
            }
        }
        try evict(path)
    }
}

extension PartitionLog {
    func path(ofSegment base: Offset) -> String {
        let digits = "\(base.rawValue)"
        return "\(folder)/\(String(repeating: "0", count: 20 - digits.count))\(digits).log"
    }
}
