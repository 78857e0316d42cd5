// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// A command that waits to be decided.
struct WaitingCommand {
    let decide: (ControllerState, inout Entropy) -> DecidedCommand
    let refuse: (SubmitRefusal) -> Void
}

/// A command after its decision.
struct DecidedCommand {
    let records: [MetadataRecord]
    let contact: BrokerContact?
    let answer: CommandAnswer
}

/// The two ways in which a decided command ends, of which one is taken.
struct CommandAnswer {
    /// With the offset that an image must have reached to hold what the command led to.
    let succeed: (Offset) -> Void
    let refuse: (SubmitRefusal) -> Void
}

/// Commands that were decided together and wait for the same fact. Flights are answered in the order they left.
struct Flight {
    enum Awaited {
        /// Their records are committed.
        case proposal(Proposal)
        /// This controller still led after they were decided; they wrote nothing.
        case confirmation(RaftTicket)
        /// Nothing any more.
        case landed
    }

    var awaited: Awaited
    let answers: [CommandAnswer]
}

/// Records on their way into the log, and the metadata that they lead to.
struct Proposal {
    let base: Offset
    let end: Offset
    let image: MetadataImage
    let delta: MetadataDelta
    let recordCount: Int
}

/// The metadata with everything that was decided, committed or not: only an active controller has it.
struct Speculation {
    var image: MetadataImage
    var sessions: BrokerSessions
}
