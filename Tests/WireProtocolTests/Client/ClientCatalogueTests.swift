// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireProtocol

@Suite("the client catalogue")
struct ClientCatalogueTests {
    @Test("the catalogue only grows")
    func catalogue() throws {
        // RECORD=1 writes the file anew: a line there may be added, never changed.
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Catalogue.clients.text.write(
                to: Vectors.folder.appendingPathComponent("catalogue-clients.txt"), atomically: true, encoding: .utf8)
        }
        #expect(try Vectors.text("catalogue-clients.txt") == Catalogue.clients.text)
    }

    @Test("ids lie in the client family and ascend; a session goes both ways")
    func ids() {
        let ids = Clients.methods.map(\.id.rawValue)
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0 >> 8 == 5 })
        #expect(Clients.session.descriptor.shape == .bidirectional)
    }
}
