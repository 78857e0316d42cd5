// SPDX-License-Identifier: Apache-2.0

extension SettingDefinition {
    /// Checks a value that somebody wants to set.
    ///
    /// - Returns: The text to store: the same without surrounding spaces.
    package func checked(_ value: String) throws(SettingError) -> String {
        let text = Self.trimmed(value)
        switch kind {
        case .boolean:
            guard Bool.read(text) != nil else { throw malformed(value) }
            try checkText(text.lowercased(), value)
        case .int:
            guard let number = Int32(text) else { throw malformed(value) }
            try check(Int64(number), value)
        case .long:
            guard let number = Int64(text) else { throw malformed(value) }
            try check(number, value)
        case .double:
            guard let number = Double(text), number.isFinite else { throw malformed(value) }
            guard allowed != .fraction || (0...1).contains(number) else { throw notAllowed(value) }
        case .string, .password: try checkText(text, value)
        case .list: try checkList([String].split(text), value)
        }
        return text
    }

    private func check(_ number: Int64, _ value: String) throws(SettingError) {
        let isAllowed =
            switch allowed {
            case .atLeast(let low): number >= low
            case .between(let low, let high): (low...high).contains(number)
            case .betweenOr(let low, let high, let special): (low...high).contains(number) || number == special
            default: true
            }
        guard isAllowed else { throw notAllowed(value) }
    }

    private func checkText(_ text: String, _ value: String) throws(SettingError) {
        let isAllowed =
            switch allowed {
            case .oneOf(let values): values.contains(text)
            case .nonEmpty: !text.isEmpty
            default: true
            }
        guard isAllowed else { throw notAllowed(value) }
    }

    private func checkList(_ elements: [String], _ value: String) throws(SettingError) {
        let isAllowed =
            switch allowed {
            case .someOf(let values): !elements.isEmpty && elements.allSatisfy(values.contains)
            case .nonEmpty: !elements.isEmpty
            case .oneElement: elements.count == 1
            case .listeners: ListenerAddress.parse(elements) != nil
            case .endpoints: Endpoints(parsing: elements) != nil
            case .voters: QuorumVoters(parsing: elements) != nil
            case .clientMatches: ClientMatch(parsing: elements) != nil
            case .addressCounts: AddressCounts(parsing: elements) != nil
            case .throttledReplicas: ThrottledReplicas(parsing: elements) != nil
            default: true
            }
        guard isAllowed else { throw notAllowed(value) }
    }

    private func malformed(_ value: String) -> SettingError {
        .malformed(name: name, value: isSensitive ? "(hidden)" : value, kind: kind)
    }

    private func notAllowed(_ value: String) -> SettingError {
        .notAllowed(name: name, value: isSensitive ? "(hidden)" : value, allowed: allowed)
    }

    static func trimmed(_ text: String) -> String {
        var rest = Substring(text)
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
