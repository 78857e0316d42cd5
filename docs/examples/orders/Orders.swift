// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MyelinClient

/// Writes orders and reads them back as a member of a group: the whole of the native client on one page.
@main
struct Orders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders",
        abstract: "Write orders with the native client, then read them back as a member of a group.",
        discussion: "Create the topic first: myelin topic create orders --partitions 6")

    @Option(help: "RPC addresses of some brokers.")
    var bootstrap = "127.0.0.1:9190"
    @Option var topic = "orders"
    @Option(help: "The group that reads; it goes on where it stopped.")
    var group = "billing"
    @Option(help: "Orders to write.")
    var count = 10_000
    @Option(help: "Orders to read, those of earlier runs included; as many as are written unless said.")
    var read: Int?
    @Option(help: "Orders to write a second; as fast as they go unless said.")
    var rate: Int?

    func run() async throws {
        let client = try MyelinClient(bootstrap: bootstrap, clientID: "orders-example")
        let written = try await write(with: client)
        let sum = try await readBack(read ?? written, with: client)
        print("wrote \(written) orders, read \(sum.count) of \(sum.customers) customers, \(sum.cents) cents in all")
        await client.close()
    }

    private func write(with client: MyelinClient) async throws -> Int {
        let producer = Producer(client)
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(count)
        let began = ContinuousClock.now
        for number in 0..<count {
            // Orders of one customer stay in order: their key decides the partition.
            let order = ProducerRecord(
                topic: topic, key: "customer-\(number % 100)", value: "\(number),\(number % 1000)")
            deliveries.append(try await producer.send(order))
            if let rate { try await Task.sleep(until: began + .seconds(Double(number + 1) / Double(rate))) }
        }
        for delivery in deliveries { _ = try await delivery.position() }
        await producer.close()
        return deliveries.count
    }

    private func readBack(
        _ wanted: Int, with client: MyelinClient
    ) async throws -> (count: Int, customers: Int, cents: Int) {
        guard wanted > 0 else { return (0, 0, 0) }
        let consumer = Consumer(client, group: group)
        await consumer.subscribe([topic])
        var customers: Set<String> = []
        var (count, cents) = (0, 0)
        for try await order in consumer.records {
            customers.insert(order.keyText ?? "")
            let fields = order.valueText?.split(separator: ",") ?? []
            cents += fields.count == 2 ? Int(fields[1]) ?? 0 : 0
            count += 1
            if count == wanted { break }
        }
        try await consumer.close()
        return (count, customers.count, cents)
    }
}
