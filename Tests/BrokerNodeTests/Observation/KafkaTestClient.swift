// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import Primitives
import RecordBatch

/// One connection that speaks Kafka frames, a request at a time or many before their answers.
actor KafkaTestClient {
    struct ConnectionClosed: Error {}

    private let socket: BlockingSocket
    private let executor = BlockingExecutor()
    private var lastCorrelationID: Int32 = 0

    init(port: Int) throws { socket = try BlockingSocket(port: port) }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    var sentByteCount: Int { socket.sentByteCount }
    var receivedByteCount: Int { socket.receivedByteCount }

    func send<Request: ProtocolRequest>(_ request: Request, version: Int16) throws {
        lastCorrelationID += 1
        var writer = ByteWriter(capacity: 256)
        let header = RequestHeader(
            apiKey: Request.apiKey.rawValue, apiVersion: version, correlationID: lastCorrelationID, clientID: "test")
        header.encode(into: &writer, headerVersion: Request.apiKey.requestHeaderVersion(for: version))
        request.encode(into: &writer, version: version)
        try sendFrame(writer.bytes)
    }

    func sendFrame(_ payload: [UInt8]) throws {
        var prefix = ByteWriter(capacity: 4)
        prefix.writeInt32(Int32(payload.count))
        try sendBytes(prefix.bytes + payload)
    }

    func sendBytes(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    /// Waits for the node to close the connection; whether it did so without another byte.
    func isClosed() throws -> Bool { try socket.receive(1) == nil }

    func receive<Response: ProtocolResponse>(_ type: Response.Type, version: Int16) throws -> Response {
        guard let prefix = try socket.receive(4) else { throw ConnectionClosed() }
        var reader = ByteReader(SharedBytes(prefix))
        guard let frame = try socket.receive(Int(try reader.readInt32())) else { throw ConnectionClosed() }
        reader = ByteReader(SharedBytes(frame))
        _ = try ResponseHeader(
            decoding: &reader, headerVersion: Response.apiKey.responseHeaderVersion(for: version))
        return try Response(decoding: &reader, version: version)
    }

    func call<Request: ProtocolRequest>(_ request: Request, version: Int16) throws -> Request.Response {
        try send(request, version: version)
        return try receive(Request.Response.self, version: version)
    }
}

extension KafkaTestClient {
    @discardableResult
    func createTopic(
        _ name: String, partitionCount: Int32 = 1, configs: [(String, String)] = []
    ) throws -> CreateTopicsResponse {
        var topic = CreateTopicsRequest.CreatableTopic()
        topic.name = name
        topic.numPartitions = partitionCount
        topic.replicationFactor = 1
        topic.configs = configs.map { key, value in
            var config = CreateTopicsRequest.CreatableTopicConfig()
            config.name = key
            config.value = value
            return config
        }
        var request = CreateTopicsRequest()
        request.topics = [topic]
        return try call(request, version: 4)
    }

    /// Produces one batch whose records have these times, and values of `valueByteCount` bytes.
    ///
    /// - Returns: the batch's size, and the error code that was answered; nil with acks=0.
    @discardableResult
    func produce(
        _ topic: String, _ partition: Int32 = 0, times: [Timestamp], valueByteCount: Int = 10, acks: Int16 = -1
    ) throws -> (byteCount: Int, errorCode: Int16?) {
        var builder = BatchBuilder()
        let value = SharedBytes([UInt8](repeating: 7, count: valueByteCount))
        for time in times { builder.append(timestamp: time, value: value) }
        let batch = builder.build(using: Compressor())
        return (batch.bytes.count, try produce(topic, partition, batch, acks: acks))
    }

    /// - Returns: the error code that was answered; nil with acks=0.
    func produce(_ topic: String, _ partition: Int32, _ batch: Batch, acks: Int16 = -1) throws -> Int16? {
        var data = ProduceRequest.PartitionProduceData()
        data.index = partition
        data.records = batch.bytes
        var topicData = ProduceRequest.TopicProduceData()
        topicData.name = topic
        topicData.partitionData = [data]
        var request = ProduceRequest()
        request.acks = acks
        request.timeoutMs = 5_000
        request.topicData = [topicData]
        guard acks != 0 else {
            try send(request, version: 7)
            return nil
        }
        return try call(request, version: 7).responses[0].partitionResponses[0].errorCode
    }

    /// Fetches what is there from `offset` on, without waiting.
    func fetch(_ topic: String, _ partition: Int32 = 0, from offset: Int64) throws -> FetchResponse.PartitionData {
        var wanted = FetchRequest.FetchPartition()
        wanted.partition = partition
        wanted.fetchOffset = offset
        wanted.partitionMaxBytes = 1 << 20
        var fetchTopic = FetchRequest.FetchTopic()
        fetchTopic.topic = topic
        fetchTopic.partitions = [wanted]
        var request = FetchRequest()
        request.maxBytes = 1 << 20
        request.topics = [fetchTopic]
        return try call(request, version: 4).responses[0].partitions[0]
    }

    /// Makes `__consumer_offsets` exist.
    func findCoordinator(of group: String) throws {
        var request = FindCoordinatorRequest()
        request.key = group
        _ = try call(request, version: 2)
    }

    static func commit(group: String, _ topic: String, _ offsets: [(partition: Int32, offset: Int64)])
        -> OffsetCommitRequest
    {
        var commitTopic = OffsetCommitRequest.OffsetCommitRequestTopic()
        commitTopic.name = topic
        commitTopic.partitions = offsets.map {
            var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
            partition.partitionIndex = $0.partition
            partition.committedOffset = $0.offset
            return partition
        }
        var request = OffsetCommitRequest()
        request.groupID = group
        request.topics = [commitTopic]
        return request
    }

    /// Commits as a client outside the group does; asks again while the coordinator loads.
    func commit(group: String, _ topic: String, _ offsets: [(partition: Int32, offset: Int64)]) throws -> Int16 {
        while true {
            let response = try call(Self.commit(group: group, topic, offsets), version: 5)
            let code = response.topics[0].partitions[0].errorCode
            if code != ErrorCode.coordinatorLoadInProgress.rawValue { return code }
        }
    }
}
