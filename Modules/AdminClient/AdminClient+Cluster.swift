// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

extension AdminClient {
    /// What the cluster is made of, as the node that answers knows it.
    public func clusterInfo() async throws(RPCError) -> Admin.ClusterInfoResponse {
        try await call(Admin.clusterInfo, Admin.ClusterInfoRequest())
    }

    /// One verdict and the checks behind it.
    public func health() async throws(RPCError) -> Admin.HealthResponse {
        try await call(Admin.health, Admin.HealthRequest())
    }

    /// What is wrong and what to do, worst first.
    ///
    /// - Parameter checks: Names of checks to run; empty runs all.
    public func doctor(checks: [String] = []) async throws(RPCError) -> Admin.DoctorResponse {
        try await call(Admin.doctor, .with { $0.checks = checks })
    }

    /// The metrics of the node that answers.
    ///
    /// - Parameter namePrefixes: Families whose name begins so; empty gives all.
    public func metrics(namePrefixes: [String] = []) async throws(RPCError) -> Admin.MetricsResponse {
        try await call(Admin.metrics, .with { $0.namePrefixes = namePrefixes })
    }
}
