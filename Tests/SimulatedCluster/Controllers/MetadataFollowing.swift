// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Primitives
import WireProtocol

/// Where the items of a stream of metadata go, in the process of a broker.
final class MetadataSink {
    let received: (Payload) -> Void
    init(_ received: @escaping (Payload) -> Void) { self.received = received }
}

/// One broker that follows one controller, as `Controller.followMetadata` serves it.
final class MetadataFollowing {
    private unowned let node: SimulatedController
    private let connection: Connection
    private let sink: MetadataSink
    private var feed: MetadataFeed

    init(of node: SimulatedController, from offset: Offset, over connection: Connection, to sink: MetadataSink) {
        (self.node, self.connection, self.sink) = (node, connection, sink)
        feed = MetadataFeed(from: offset)
    }

    func begin() {
        pump()
        tick()
    }

    func pump() {
        let (sink, process) = (sink, node.process)
        while connection.isOpen(at: process), let item = feed.next(from: node.controller, at: process.now) {
            let received = item.asReceived
            connection.send(from: process) { sink.received(received) }
        }
    }

    /// Says something although nothing happens.
    private func tick() {
        node.process.after(.milliseconds(MetadataFeed.statusMilliseconds)) { [weak self] in
            guard let self, connection.isOpen(at: node.process) else { return }
            pump()
            tick()
        }
    }
}

extension Payload {
    /// What was sent as several runs arrives as one.
    var asReceived: Payload { Payload(message: message, attachments: [SharedBytes(attachments.flatMap(\.array))]) }
}
