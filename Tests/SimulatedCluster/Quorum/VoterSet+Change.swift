// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

extension VoterSet {
    /// Somebody added, removed or replaced; nil when there is nobody for what chance has picked.
    func change(among candidates: [Voter], using entropy: inout Entropy) -> VoterChange? {
        let members = voters.map(\.id)
        let others = candidates.filter { !members.contains($0.id) }
        switch entropy.index(below: 3) {
        case 0: return others.isEmpty ? nil : .add(entropy.pick(others))
        case 1: return members.count < 2 ? nil : .remove(self[entropy.pick(members)]!.key)
        default:
            guard !others.isEmpty else { return nil }
            return .replace(self[entropy.pick(members)]!.key, with: entropy.pick(others))
        }
    }
}
