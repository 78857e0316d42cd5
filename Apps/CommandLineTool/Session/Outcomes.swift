// SPDX-License-Identifier: Apache-2.0

import AdminClient
import WireProtocol

/// What an item of an answer is about.
enum Subject {
    case topic(String)
    case group(String)
    case transaction(String)
    case other(String)

    var name: String {
        switch self {
        case .topic(let name), .group(let name), .transaction(let name), .other(let name): name
        }
    }

    var text: String {
        switch self {
        case .topic(let name): "topic '\(name)'"
        case .group(let id): "group '\(id)'"
        case .transaction(let id): "transactional id '\(id)'"
        case .other(let text): text
        }
    }
}

extension NodeSession {
    /// The error of one item with what leads on: the nearest name where the name is wrong.
    func failure(_ error: RPCError, about subject: Subject) async -> Failure {
        guard error.code == .notFound else { return Failure(error, name: subject.name, subject: subject.text) }
        switch subject {
        case .topic(let name):
            let names = (try? await client.topics(includingInternal: true))?.map(\.name) ?? []
            return missing(subject, Nearest.name(to: name, among: names), list: "myelin topic list")
        case .group(let id):
            let ids = (try? await client.groups())?.map(\.groupID) ?? []
            return missing(subject, Nearest.name(to: id, among: ids), list: "myelin group list")
        case .transaction(let id):
            let ids = (try? await client.transactions())?.map(\.transactionalID) ?? []
            return missing(subject, Nearest.name(to: id, among: ids), list: "myelin txn list")
        case .other: return Failure(error, name: subject.name, subject: subject.text)
        }
    }

    private func missing(_ subject: Subject, _ nearest: String?, list: String) -> Failure {
        Failure(
            "there is no \(subject.text)",
            advice: [nearest.map { "Did you mean '\($0)'?" }, "What there is: \(list)"].compactMap(\.self))
    }

    /// Throws the error of an item.
    func check(_ item: some AdminOutcome, about subject: Subject) async throws {
        if let error = item.error { throw await failure(error, about: subject) }
    }

    /// Shows what became of several items; those that failed are told on standard error, and make the command fail.
    func show<Outcome: AdminOutcome>(
        _ outcomes: [Outcome], _ report: some Report, as format: OutputFormat, in surroundings: Surroundings,
        subject: (Outcome) -> Subject
    ) async throws {
        try surroundings.show(report, as: format)
        for outcome in outcomes.failed {
            guard let error = outcome.error else { continue }
            let failure = await failure(error, about: subject(outcome))
            surroundings.console.note("myelin: \(failure.message.printable)")
            for line in failure.advice { surroundings.console.note("        \(line.printable)") }
        }
        if !outcomes.failed.isEmpty { throw NotWell() }
    }
}

/// One line for each thing that was done, a document for each thing that was tried.
struct OutcomeReport<Outcome: AdminOutcome>: Report {
    let outcomes: [Outcome]
    /// Name of the list in the document.
    let listName: String
    let line: (Outcome) -> String
    let fields: (Outcome) -> [Document.Field]

    var document: Document {
        let items = outcomes.map { Document.fields(fields($0) + [.init("error", .error($0.error))]) }
        return .fields([.init(listName, .list(items))])
    }

    func lines(on terminal: Terminal) -> [String] { outcomes.succeeded.map(line) }
}
