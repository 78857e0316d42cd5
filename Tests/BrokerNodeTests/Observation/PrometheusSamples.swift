// SPDX-License-Identifier: Apache-2.0

/// The samples of a text in the Prometheus format, by everything before the value: name and labels.
struct PrometheusSamples {
    private(set) var values: [String: Double] = [:]
    /// Names with a TYPE line.
    private(set) var names: Set<String> = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                names.insert(String(line.split(separator: " ")[2]))
            } else if !line.hasPrefix("#"), let space = line.lastIndex(of: " ") {
                values[String(line[..<space])] = Double(line[line.index(after: space)...])
            }
        }
    }

    subscript(series: String) -> Double? { values[series] }

    /// How many series a metric has.
    func seriesCount(of name: String) -> Int { values.keys.count { $0.hasPrefix(name + "{") } }
}
