// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("subscriptions to metrics of clients")
struct ClientMetricsTests {
    @Test("a subscription is set by its name, its patterns are checked, and it is gone without entries")
    func lifeCycle() throws {
        var deciding = try Deciding()
        func alter(_ name: String, _ entries: [(String, String?)]) throws -> AlterConfigRefusal? {
            let changes = entries.map { AlterConfigs.Change($0.1 == nil ? .delete : .set, name: $0.0, value: $0.1) }
            let request = AlterConfigs([(ConfigTarget(.clientMetrics, name: name), changes)])
            if case .failure(let refusal) = try deciding.run(request)[0] { return refusal }
            return nil
        }
        #expect(try alter("", [("interval.ms", "1000")]) == .missingName)
        #expect(try alter("s", [("metrics", "org.apache.kafka.producer., *"), ("match", "client_id=etl-.*")]) == nil)
        let subscription = try #require(deciding.image.clientMetrics().first)
        #expect(subscription.metrics == ["org.apache.kafka.producer.", "*"])
        #expect(subscription.intervalMilliseconds == 300_000)
        #expect(subscription.match.matches { $0 == .clientID ? "etl-7" : "" })
        #expect(!subscription.match.matches { $0 == .clientID ? "web-etl-7" : "" })
        for bad in ["client_id", "no_such_key=x", "client_id=(", "client_id=a,client_id=b", "client_id=(a+)+"] {
            #expect(try alter("s", [("match", bad)]) != nil)
        }
        #expect(try alter("s", [("interval.ms", "99")]) != nil)
        #expect(try alter("s", [("metrics", nil), ("match", nil)]) == nil)
        #expect(deciding.image.clientMetrics() == [])
    }

    @Test("there is an end to subscriptions, and those that are there can still change")
    func bound() throws {
        var deciding = try Deciding()
        let countMax = ClientMetricsSubscription.countMax
        func alter(_ numbers: Range<Int>, interval: String) throws -> [Result<Done, AlterConfigRefusal>] {
            try deciding.run(
                AlterConfigs(
                    numbers.map { number in
                        (
                            ConfigTarget(.clientMetrics, name: "s\(number)"),
                            [AlterConfigs.Change(.set, name: "interval.ms", value: interval)]
                        )
                    }))
        }
        let outcomes = try alter(0..<countMax + 1, interval: "1000")
        #expect(outcomes.prefix(countMax).allSatisfy { $0 == .success(Done()) })
        #expect(outcomes.last == .failure(.tooManySubscriptions(countMax: countMax)))
        #expect(try alter(7..<8, interval: "2000") == [.success(Done())])
    }

    @Test(
        "a pattern means the whole of a text",
        arguments: [
            ("", "", true), ("", "a", false), ("abc", "abc", true), ("abc", "abcd", false), ("abc", "ab", false),
            ("a.c", "axc", true), ("a.c", "ac", false), ("a*", "", true), ("a*", "aaaa", true), ("a*", "aab", false),
            ("a+", "", false), ("a+", "aaa", true), ("ab?c", "ac", true), ("ab?c", "abc", true),
            ("ab?c", "abbc", false),
            ("etl-.*", "etl-7", true), ("etl-.*", "web-etl-7", false), (".*etl.*", "web-etl-7", true),
            ("3\\.[0-9]+\\.[0-9]+", "3.10.2", true), ("3\\.[0-9]+\\.[0-9]+", "3x10.2", false), ("[^a-c]", "d", true),
            ("[^a-c]", "b", false), ("[a-]", "-", true), ("a|bc|", "bc", true), ("a|bc|", "", true),
            ("a|bc", "abc", false),
            (".*.*.*.*.*b", String(repeating: "a", count: 256), false),
        ])
    func patterns(text: String, value: String, matches: Bool) throws {
        let pattern = try #require(TraitPattern(text))
        #expect(pattern.matches(value) == matches)
    }

    @Test(
        "what would mean something else elsewhere is no pattern",
        arguments: [
            "(a)", "a{2}", "^a", "a$", "*", "a**", "a+?", "|*", "[", "[]", "[a", "[b-a]", "]", "\\d", "\\",
            "[[:alpha:]]",
        ])
    func noPatterns(text: String) {
        #expect(TraitPattern(text) == nil)
    }

    @Test("a pattern has a longest length")
    func longestPattern() {
        #expect(TraitPattern(String(repeating: "a", count: 256)) != nil)
        #expect(TraitPattern(String(repeating: "a", count: 257)) == nil)
    }
}
