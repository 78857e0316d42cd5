// SPDX-License-Identifier: Apache-2.0

/// What the replicas of a partition say to each other: methods 0x0200 to 0x02ff and their messages.
public enum Replicas {
    /// One stream for each shard of a leading broker and each broker that follows it, opened by the leader. Frames arrive
    /// in order; when the stream ends, both ends forget what was under way and the leader compares logs anew.
    public static let push = Method<PushRequest, PushResponse, AppendFrame, AppendFrameReply>(0x0201, "Push")
    /// Batches of a part of a log, byte for byte, to mend what a disk has damaged.
    public static let fetchLog = UnaryMethod<FetchLogRequest, FetchLogResponse>(0x0202, "FetchLog")

    /// Batches in one frame, unless the first batch alone is larger: small enough that another partition's news is not
    /// kept waiting, large enough that headers do not count.
    public static let frameByteCountMax = 1 << 20

    /// Every method above, ascending by id.
    public static let methods: [MethodDescriptor] = [push.descriptor, fetchLog.descriptor]
}

extension Catalogue {
    /// Everything of the replication catalogue.
    public static var replication: Catalogue {
        var catalogue = Catalogue()
        catalogue.add(Replicas.push)
        catalogue.add(Replicas.fetchLog)
        return catalogue
    }
}
