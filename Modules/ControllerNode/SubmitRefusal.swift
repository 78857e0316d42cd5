// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import StorageEngine
internal import WireProtocol

/// Why a command was not carried out. What the command itself refuses is in its outcome.
public enum SubmitRefusal: Error, Hashable, Sendable {
    /// The disk has no room for the records. Nothing happened; freeing space heals it.
    case diskFull(DiskFault)
    /// Nobody can decide now: the log is out of service or closed. Nothing happened.
    case unavailable(DiskFault?)
    /// Too many commands wait. Nothing happened.
    case busy(commandCountMax: Int)
    /// The records of this command are larger than a log segment. Nothing happened.
    case tooLarge(byteCount: Int, limit: Int64)
    /// This controller is not active, or no active one was found in time. Nothing happened.
    case notController(leader: NodeID?)
    /// Leadership, the connection or the deadline was lost while the command was under way: it may or may not have
    /// happened, and may still.
    case outcomeUnknown
    /// The active controller is older and knows no such command. Nothing happened.
    case unknownCommand(String)
    /// The arguments do not decode, or the answer does not; then it has happened.
    case undecodable(String)
    /// The voters are not such that this can be done; one sentence for people. Nothing happened.
    case illegalVoterChange(String)
}

extension SubmitRefusal: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .diskFull(let fault): "the disk of the active controller is full (\(fault.target), errno \(fault.errno))"
        case .unavailable(let fault?):
            "the metadata log of the active controller failed (\(fault.operation) of \(fault.target), errno \(fault.errno))"
        case .unavailable(nil): "no controller decides now"
        case .busy(let count): "\(count) commands wait for the active controller already"
        case .tooLarge(let byteCount, let limit):
            "the change takes \(byteCount) bytes, and \(limit) are allowed at once"
        case .notController(let leader?): "controller \(leader) is active, this one is not"
        case .notController(nil): "no controller is active: a majority of them must run and reach each other"
        case .outcomeUnknown: "the active controller was lost while it worked: the change may or may not have been made"
        case .unknownCommand(let name): "the active controller is older and does not know \(name): upgrade it first"
        case .undecodable(let reason): "command or answer does not decode: \(reason)"
        case .illegalVoterChange(let reason): reason
        }
    }
}

// MARK: On the wire

extension SubmitRefusal {
    /// - Parameter leader: Where the active controller is, as far as known.
    func message(leader: Controller.ControllerEndpoint?) -> Controller.Refusal {
        .with {
            $0.leader = leader
            $0.reason = reason
            switch self {
            case .diskFull(let fault), .unavailable(let fault?): $0.fault = Controller.Fault(fault)
            case .busy(let count): $0.limit = Int64(count)
            case .tooLarge(let byteCount, let limit): ($0.byteCount, $0.limit) = (Int64(byteCount), limit)
            case .unknownCommand(let text), .undecodable(let text), .illegalVoterChange(let text): $0.detail = text
            case .unavailable(nil), .notController, .outcomeUnknown: break
            }
        }
    }

    private var reason: Controller.RefusalReason {
        switch self {
        case .diskFull: .diskFull
        case .unavailable: .unavailable
        case .busy: .busy
        case .tooLarge: .tooLarge
        case .notController: .notController
        case .outcomeUnknown: .outcomeUnknown
        case .unknownCommand: .unknownCommand
        case .undecodable: .invalidArguments
        case .illegalVoterChange: .illegalVoterChange
        }
    }

    init(_ message: Controller.Refusal) {
        let fault = message.fault.map(DiskFault.init)
        self =
            switch message.reason {
            case .notController: .notController(leader: message.leader?.nodeID)
            case .busy: .busy(commandCountMax: Int(message.limit))
            case .diskFull: .diskFull(fault ?? DiskFault(.write, target: "", errno: 28))
            case .unavailable: .unavailable(fault)
            case .tooLarge: .tooLarge(byteCount: Int(message.byteCount), limit: message.limit)
            // A reason of a newer controller says nothing about whether it happened.
            case .outcomeUnknown, .unspecified: .outcomeUnknown
            case .unknownCommand: .unknownCommand(message.detail)
            case .invalidArguments: .undecodable(message.detail)
            case .illegalVoterChange: .illegalVoterChange(message.detail)
            }
    }
}

extension Controller.Fault {
    fileprivate init(_ fault: DiskFault) {
        self.init()
        operation = fault.operation.name
        target = fault.target
        errno = fault.errno
    }
}

extension DiskFault {
    fileprivate init(_ message: Controller.Fault) {
        let operation = Operation.all.first { $0.name == message.operation } ?? .write
        self.init(operation, target: message.target, errno: message.errno)
    }
}

extension DiskFault.Operation {
    fileprivate static let all: [Self] = [
        .createDirectory, .list, .open, .size, .allocate, .truncate, .write, .read, .synchronize, .rename, .remove,
        .lock,
        .measureFreeSpace,
    ]

    fileprivate var name: String { String(describing: self) }
}
