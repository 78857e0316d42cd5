// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("the controller catalogue")
struct ControllerCatalogueTests {
    @Test("the catalogue only grows")
    func catalogue() throws {
        // RECORD=1 writes the file anew: a line there may be added, never changed.
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Catalogue.controller.text.write(
                to: Vectors.folder.appendingPathComponent("catalogue-controller.txt"), atomically: true, encoding: .utf8
            )
        }
        #expect(try Vectors.text("catalogue-controller.txt") == Catalogue.controller.text)
    }

    @Test("ids lie in the controller's family, ascend, and are not the admin's")
    func ids() {
        let ids = Controller.methods.map(\.id.rawValue)
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0 >> 8 == 3 })
        #expect(Set(ids).isDisjoint(with: Admin.methods.map(\.id.rawValue)))
    }

    @Test("everything that changes something can be asked as if")
    func validateOnly() {
        #expect(Controller.methods.filter(\.isMutating).count == 5)
        let bodies = Catalogue.controller.text.components(separatedBy: "message ")
        for name in [
            "SubmitRequest", "AddVoterRequest", "RemoveVoterRequest", "TransferLeadershipRequest", "MoveVoterRequest",
        ] {
            #expect(bodies.contains { $0.hasPrefix(name + "\n") && $0.contains("validateOnly bool") }, "\(name)")
        }
    }

    @Test("messages come back as they went, nothing said included")
    func roundTrips() throws {
        let leader = Controller.ControllerEndpoint(NodeID(3), host: "::1", port: 9191)
        let refusal = Controller.Refusal.with {
            $0.reason = .notController
            $0.leader = leader
            $0.fault = .with { ($0.operation, $0.target, $0.errno) = ("write", "a", 28) }
        }
        try expectRoundTrip(Controller.SubmitResponse.with { $0.refusal = refusal })
        try expectRoundTrip(Controller.SubmitResponse())
        try expectRoundTrip(
            Controller.MetadataItem.with {
                ($0.kind, $0.term, $0.nextOffset, $0.leader) = (.snapshotPiece, Term(4), Offset(9), leader)
                ($0.position, $0.byteCount) = (1 << 40, 1 << 41)
                $0.voters = [leader]
            })
        try expectRoundTrip(
            Controller.QuorumInfoResponse.with {
                $0.voters = [.with { ($0.endpoint, $0.lastFetchTimestamp) = (leader, .none) }]
                $0.observers = [.with { $0.directory = TopicID(high: 1, low: 2) }, Controller.QuorumReplica()]
            })
    }

    private func expectRoundTrip<Content: Message>(_ message: Content) throws {
        #expect(try Payload(message).decoded(as: Content.self) == message)
    }
}
