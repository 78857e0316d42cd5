// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import WireProtocol

extension AdminService {
    func doctor(_ request: Admin.DoctorRequest) async throws -> Admin.DoctorResponse {
        let checks = try checks(named: request.checks)
        let findings = await findings(of: checks, localOnly: request.localOnly)
        return .with {
            // Worst first; what is equally bad stays in the order of the checks.
            $0.findings = findings.enumerated().sorted {
                ($1.element.severity.rawValue, $0.offset) < ($0.element.severity.rawValue, $1.offset)
            }.map(\.element)
            $0.checksRun = checks.map(\.rawValue)
        }
    }

    /// In the order of the checks; of one check this broker's first, then the others' by id.
    private func findings(of checks: [DoctorCheck], localOnly: Bool) async -> [Admin.Finding] {
        let doctor = Doctor(
            facts: await doctorFacts(deep: checks.contains(where: \.readsRecords), localOnly: localOnly))
        let own = checks.filter { !$0.isOfCluster }
        let others = localOnly ? [] : await othersFindings(of: own, doctor.facts.view.image)
        return checks.flatMap { check in
            let found = check.isOfCluster && localOnly ? [] : doctor.findings(of: check)
            return found + others.filter { $0.check == check.rawValue }
        } + others.filter { finding in !checks.contains { $0.rawValue == finding.check } }
    }

    /// How long another broker may examine itself; a tool waits longer.
    private static let examinationMilliseconds: Int64 = 8_000

    private func othersFindings(of checks: [DoctorCheck], _ image: MetadataImage) async -> [Admin.Finding] {
        let peers = image.peers(of: identity.id)
        guard !peers.isEmpty, !checks.isEmpty else { return [] }
        let names = checks.map(\.rawValue)
        let answers = await self.peers.askEach(
            peers, in: image, Admin.doctor, withinMilliseconds: Self.examinationMilliseconds
        ) { _ in .with { ($0.checks, $0.localOnly) = (names, true) } }
        return answers.sorted { $0.key < $1.key }.flatMap { id, answer -> [Admin.Finding] in
            switch answer {
            case .success(let response): response.findings
            case .failure(let error): [.unexamined(id, error)]
            }
        }
    }

    private func checks(named names: [String]) throws(RPCError) -> [DoctorCheck] {
        for name in names where DoctorCheck(rawValue: name) == nil {
            let known = DoctorCheck.allCases.map(\.rawValue)
            let nearest = Spelling.nearest(to: name, among: known)
            throw RPCError(
                .invalidRequest, "there is no check '\(name)'",
                remedy: nearest.map { "Did you mean '\($0)'?" } ?? "There are \(known.joined(separator: ", ")).")
        }
        return DoctorCheck.allCases.filter { names.isEmpty || names.contains($0.rawValue) }
    }

    func health(_ request: Admin.HealthRequest) async -> Admin.HealthResponse {
        let decisive = DoctorCheck.allCases.filter { $0.decidesHealth && !($0.isOfCluster && request.localOnly) }
        let findings = await findings(of: decisive, localOnly: request.localOnly)
        let checks = decisive.map { check in
            Admin.HealthCheck(check, findings.filter { $0.check == check.rawValue })
        }
        return .with {
            $0.checks = checks
            $0.status = checks.map(\.status).max { $0.rawValue < $1.rawValue } ?? .healthy
        }
    }
}

extension Admin.Finding {
    /// Silence of a broker must not look like health.
    fileprivate static func unexamined(_ id: NodeID, _ error: RPCError) -> Self {
        .with {
            $0.check = DoctorCheck.unreachableBrokers.rawValue
            $0.severity = .error
            $0.subject = "broker \(id)"
            $0.summary = "Broker \(id) has not examined itself: \(error.message)."
            $0.remedy = "Look at its log; ask it alone for more."
        }
    }
}

extension Admin.HealthCheck {
    /// The worst of the findings speaks for the check.
    fileprivate init(_ check: DoctorCheck, _ findings: [Admin.Finding]) {
        self.init()
        name = check.rawValue
        guard let worst = findings.max(by: { $0.severity.rawValue < $1.severity.rawValue }) else {
            status = .healthy
            summary = check.healthySentence
            return
        }
        status = worst.severity.rawValue >= Admin.Severity.error.rawValue ? .unhealthy : .degraded
        summary = findings.count > 1 ? "\(worst.summary) (\(findings.count - 1) more.)" : worst.summary
        remedy = worst.remedy
    }
}

extension DoctorCheck {
    fileprivate var healthySentence: String {
        switch self {
        case .logDirectory: "The data folder takes writes."
        case .metadataLog: "The metadata log takes changes."
        case .offlinePartitions: "Every partition has a leader."
        case .underReplicatedPartitions: "Every partition has all of its replicas in sync."
        case .unopenedPartitions: "Every log is open."
        case .damagedPartitions: "No damage is known."
        case .scrub: "All stored bytes are checked in time."
        case .uncleanablePartitions: "Compaction is not held up."
        case .groupCoordinators: "Every group coordinator is loaded."
        case .transactionCoordinators: "Every transaction coordinator is loaded."
        case .openTransactions: "No transaction is open past its time-out."
        case .diskSpace: "There is room on the disk."
        case .syncLatency: "Synchronizes are fast."
        case .diskMechanism: "The disk runs as it should."
        case .idleGroupLag: "No group without members has records to read."
        case .clock: "No record is from the future."
        case .settingsWithoutEffect: "Every setting that is set counts."
        case .unknownVariables: "Every variable names a setting."
        case .quorum: "The controllers have a leader and keep up."
        case .fencedBrokers: "No broker is fenced."
        case .unreachableBrokers: "Every broker answers."
        case .underMinInSync: "Every partition takes acks=all."
        case .singleCopies: "No partition hangs on one copy."
        case .losses: "No records were given up."
        case .clockSkew: "The clocks agree."
        case .leaderBalance: "Leaders are where they should be."
        }
    }
}
