// SPDX-License-Identifier: Apache-2.0

internal import Transport

/// A cluster as producers and consumers see it: connections and metadata that they share.
///
/// ```swift
/// let client = try MyelinClient(bootstrap: "127.0.0.1:9190")
/// let producer = Producer(client)
/// let stored = try await producer.produce(ProducerRecord(topic: "orders", key: "17", value: "paid"))
/// await producer.close()
/// await client.close()
/// ```
///
/// It speaks the framed RPC of the brokers, on their RPC ports; inside, the requests are those of the Kafka protocol, so that
/// it shares topics, groups and offsets with clients of any other language.
public struct MyelinClient: Sendable {
    let cluster: Cluster

    /// Connects to nothing yet.
    ///
    /// - Parameters:
    ///   - bootstrap: RPC addresses of some brokers, `host:port,host:port`; the port is 9190 where none is given. One that
    ///     answers is enough.
    ///   - clientID: Shown in logs and metrics, and what quotas count by.
    ///   - createsTopics: Whether the first use of a topic may create it, where brokers are set so. A reader that outlives its
    ///     topic makes it anew.
    /// - Throws: `.invalidArgument` for a list that is none.
    public init(
        bootstrap: String, clientID: String = "myelin-client", createsTopics: Bool = true
    ) throws(ClientError) {
        var addresses: [NetworkAddress] = []
        for part in bootstrap.split(separator: ",") {
            guard let address = NetworkAddress(parsing: String(part)) else {
                throw ClientError(.invalidArgument, "\"\(part)\" is no address: write host:port")
            }
            addresses.append(address)
        }
        guard !addresses.isEmpty else {
            throw ClientError(.invalidArgument, "the bootstrap list is empty: write host:port,host:port")
        }
        cluster = Cluster(bootstrap: addresses, clientID: clientID, createsTopics: createsTopics)
    }

    /// How many partitions a topic has.
    ///
    /// - Throws: `.refused("UNKNOWN_TOPIC_OR_PARTITION")` when there is no such topic and the cluster does not create topics
    ///   on first use.
    public func partitionCount(of topic: String) async throws(ClientError) -> Int {
        let cluster = cluster
        return try await retrying("asking for topic \(topic)", until: Deadline(afterMilliseconds: 10_000)) {
            () async throws(ClientError) in
            try await cluster.topic(topic).partitions.count
        }
    }

    /// Closes the connections. Close producers and consumers before.
    public func close() async { await cluster.close() }
}
