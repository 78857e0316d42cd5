// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("the transaction catalogue")
struct TransactionCatalogueTests {
    @Test("the catalogue only grows")
    func catalogue() throws {
        // RECORD=1 writes the file anew: a line there may be added, never changed.
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Catalogue.transactions.text.write(
                to: Vectors.folder.appendingPathComponent("catalogue-transactions.txt"), atomically: true,
                encoding: .utf8)
        }
        #expect(try Vectors.text("catalogue-transactions.txt") == Catalogue.transactions.text)
    }

    @Test("ids lie in the transaction family and ascend")
    func ids() {
        let ids = TransactionPeers.methods.map(\.id.rawValue)
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0 >> 8 == 4 })
    }

    @Test("requests and answers come back as they went")
    func roundTrips() throws {
        let markers = TransactionPeers.WriteMarkersRequest.with {
            ($0.producerID, $0.producerEpoch, $0.isCommit) = (ProducerID(4_000), ProducerEpoch(.max), true)
            ($0.coordinatorEpoch, $0.transactionVersion) = (LeaderEpoch(7), 2)
            $0.partitions = [.with { ($0.topic, $0.index) = ("orders", PartitionIndex(3)) }]
        }
        #expect(try Payload(markers).decoded() == markers)
        let verification = TransactionPeers.VerifyRequest.with {
            ($0.transactionalID, $0.producerID, $0.producerEpoch) = ("pay", ProducerID(4_000), ProducerEpoch(0))
            ($0.partitions, $0.adds) = (markers.partitions, true)
        }
        #expect(try Payload(verification).decoded() == verification)
        let answer = TransactionPeers.VerifyResponse.with { $0.errorCodes = [0, -1, 120] }
        #expect(try Payload(answer).decoded() == answer)
    }
}
