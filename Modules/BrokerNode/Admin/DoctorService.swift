// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import WireProtocol

extension AdminService {
    func doctor(_ request: Admin.DoctorRequest) async throws -> Admin.DoctorResponse {
        let checks = try checks(named: request.checks)
        let doctor = Doctor(facts: await doctorFacts(deep: checks.contains { !$0.decidesHealth }))
        let findings = checks.flatMap { doctor.findings(of: $0) }
        return .with {
            // Worst first; what is equally bad stays in the order of the checks.
            $0.findings = findings.enumerated().sorted {
                ($1.element.severity.rawValue, $0.offset) < ($0.element.severity.rawValue, $1.offset)
            }.map(\.element)
            $0.checksRun = checks.map(\.rawValue)
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

    func health() async -> Admin.HealthResponse {
        let doctor = Doctor(facts: await doctorFacts(deep: false))
        let checks = DoctorCheck.allCases.filter(\.decidesHealth).map { Admin.HealthCheck($0, doctor.findings(of: $0)) }
        return .with {
            $0.checks = checks
            $0.status = checks.map(\.status).max { $0.rawValue < $1.rawValue } ?? .healthy
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
        case .groupCoordinators: "Every group coordinator is loaded."
        case .diskSpace: "There is room on the disk."
        case .syncLatency: "Synchronizes are fast."
        case .diskMechanism: "The disk runs as it should."
        case .idleGroupLag: "No group without members has records to read."
        case .clock: "No record is from the future."
        case .settingsWithoutEffect: "Every setting that is set counts."
        case .unknownVariables: "Every variable names a setting."
        }
    }
}
