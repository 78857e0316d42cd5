// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import StorageEngine

/// What the disk knew at start: the newest snapshot with the log after it replayed.
struct LoadedMetadata {
    let log: SoloMetadataLog
    let snapshots: SnapshotStore
    private(set) var image: MetadataImage
    private(set) var nextOffset: Offset
    let snapshotOffset: Offset

    init(from disk: any Disk, at now: Timestamp) throws(MetadataOpenError) {
        snapshots = SnapshotStore(folder: SoloMetadataLog.folder, disk: disk)
        let snapshot = try snapshots.newest()
        log = try SoloMetadataLog(opening: disk, after: snapshot?.term ?? .zero, at: now)
        image = snapshot?.image ?? MetadataImage()
        nextOffset = snapshot?.nextOffset ?? .zero
        snapshotOffset = nextOffset
        guard log.startOffset <= nextOffset, log.endOffset >= nextOffset else {
            throw .gap(snapshotEnd: nextOffset, logStart: log.startOffset)
        }
        var replayed = image
        try log.replay(from: nextOffset) { records, next throws(MetadataOpenError) in
            for (position, record) in records.enumerated() {
                do throws(ReplayError) {
                    try replayed.replay(record)
                } catch {
                    throw .contradiction(at: next - Int64(records.count - position), error)
                }
            }
        }
        image = replayed
        nextOffset = log.endOffset
        try checkFeatures()
    }

    private func checkFeatures() throws(MetadataOpenError) {
        for feature in image.features() {
            let supported = Features.supported.first { $0.name == feature.name }
            guard let supported, (supported.levelMin...supported.levelMax).contains(feature.level) else {
                throw .unsupportedFeature(name: feature.name, level: feature.level)
            }
        }
    }
}
