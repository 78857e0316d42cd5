// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MyelinClient

/// Reads orders and writes an invoice for each, exactly once, however often it is killed: what is written and how far was
/// read are one transaction.
@main
struct Invoices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoices",
        abstract: "Write an invoice for each order, exactly once.",
        discussion:
            "Run several, each with a --name of its own: they share the orders. Ends when nothing comes any more.")

    @Option(help: "RPC addresses of some brokers.")
    var bootstrap = "127.0.0.1:9190"
    @Option var orders = "orders"
    @Option var invoices = "invoices"
    @Option(help: "Its transactional id: a second one of this name takes the place of the first.")
    var name = "invoices-1"
    @Option(help: "Seconds without an order after which it ends.")
    var idle = 10

    func run() async throws {
        let client = try MyelinClient(bootstrap: bootstrap, clientID: name)
        var writing = ProducerSettings()
        writing.transactionalID = name
        // Who takes its orders over when it is gone for good waits no longer for what it left open.
        writing.transactionMilliseconds = 10_000
        var reading = ConsumerSettings()
        reading.commitMilliseconds = nil
        reading.sessionMilliseconds = 6_000
        reading.heartbeatMilliseconds = 1_000
        let producer = Producer(client, settings: writing)
        let consumer = Consumer(client, group: "invoices", settings: reading)
        // First: orders whose invoices a killed one of this name left half written are read again at once.
        try await producer.initTransactions()
        await consumer.subscribe([orders])
        let written = try await work(producer, consumer)
        try await consumer.close()
        await producer.close()
        await client.close()
        print("wrote \(written) invoices")
    }

    private func work(_ producer: Producer, _ consumer: Consumer) async throws -> Int {
        var written = 0
        var lastOrder = ContinuousClock.now
        while lastOrder.duration(to: .now) < .seconds(idle) {
            let batch = try await consumer.poll()
            guard !batch.isEmpty else { continue }
            lastOrder = .now
            do {
                try await producer.transaction(committing: consumer) { [invoices] transaction in
                    for order in batch {
                        let invoice = ProducerRecord(
                            topic: invoices, key: order.keyText ?? "", value: "invoice for \(order.valueText ?? "")")
                        _ = try await transaction.send(invoice)
                    }
                }
                written += batch.count
            } catch let error as ClientError where error.reason != .refused("PRODUCER_FENCED") {
                // Nothing of it is seen, and the orders come again.
                print("again: \(error)")
            }
        }
        return written
    }
}
