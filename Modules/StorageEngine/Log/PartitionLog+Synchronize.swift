// SPDX-License-Identifier: Apache-2.0

extension PartitionLog {
    /// Whether written records are not yet durable and nothing is in flight for them.
    public var needsSynchronize: Bool {
        guard case .open = state, synchronizing == nil else { return false }
        return !segments[firstUnsettled].isDurable
    }

    /// Submits a synchronize of the oldest file with bytes that are not durable.
    ///
    /// The name of a new file is made durable first, by a call that waits, once per segment; that of a new folder and its
    /// topic id too, by two more.
    /// - Returns: False, with nothing submitted, when one is in flight, nothing is missing, or the log has failed: look at
    ///   `state`. After a segment roll the closed file comes first: call again after each completion.
    public mutating func beginSynchronize(on disk: any Disk, ticket: DiskTicket) -> Bool {
        guard needsSynchronize else { return false }
        let number = firstUnsettled
        guard let file = segments[number].file else { preconditionFailure("a segment with unsynced bytes has no file") }
        if !segments[number].nameIsDurable {
            do throws(DiskFault) { try makeNamesDurable(on: disk) } catch {
                state = .failed(error)
                return false
            }
        }
        synchronizing = Synchronizing(
            ticket: ticket, segment: segments[number].baseOffset, byteCount: segments[number].byteCount,
            offset: segments[number].nextOffset)
        disk.submitSynchronize(file, ticket: ticket)
        return true
    }

    /// Takes the outcome of the synchronize submitted under `ticket`; a fault puts the log out of service for good.
    ///
    /// Never retried: after one failure the system forgets which bytes it lost, and a second call would succeed.
    public mutating func synchronizeCompleted(_ ticket: DiskTicket, fault: DiskFault?) {
        guard let done = synchronizing, done.ticket == ticket else { return }
        synchronizing = nil
        guard case .open = state else { return }
        if let fault {
            state = .failed(fault)
            return
        }
        guard let number = segments.firstIndex(where: { $0.baseOffset == done.segment }) else { return }
        segments[number].durableByteCount = max(segments[number].durableByteCount, done.byteCount)
        durableOffset = max(durableOffset, done.offset)
    }

    /// The first of the segments at the end that have bytes not yet durable; the last one when there is none.
    private var firstUnsettled: Int {
        var number = segments.count - 1
        while number > 0, !segments[number - 1].isDurable { number -= 1 }
        return number
    }

    /// - Postcondition: whoever finds a record here after a crash finds out whose it is.
    mutating func makeNamesDurable(on disk: any Disk) throws(DiskFault) {
        if !folderIsDurable {
            let file = try disk.open(path(LogFiles.partitionMetadata), .read)
            defer { disk.close(file) }
            try disk.synchronize(file)
        }
        try disk.synchronizeDirectory(folder)
        if !folderIsDurable { try disk.synchronizeDirectory("") }
        folderIsDurable = true
        for number in segments.indices { segments[number].nameIsDurable = true }
    }

    /// Writes what is staged and waits until all of it is durable. For maintenance, not for the data path.
    mutating func settle(on disk: any Disk) throws(LogFault) {
        try writeStaged(on: disk)
        do throws(DiskFault) {
            if segments.contains(where: { !$0.nameIsDurable }) { try makeNamesDurable(on: disk) }
            for number in firstUnsettled..<segments.count {
                guard !segments[number].isDurable, let file = segments[number].file else { continue }
                try disk.synchronize(file)
                segments[number].durableByteCount = segments[number].byteCount
            }
        } catch {
            state = .failed(error)
            throw .failed(error)
        }
        durableOffset = writtenOffset
    }
}
