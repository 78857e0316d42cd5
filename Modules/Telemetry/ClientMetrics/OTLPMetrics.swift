// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Reads the gauges and sums of OTLP's `MetricsData`; histograms and what later versions add are skipped.
///
/// - SeeAlso: opentelemetry-proto, metrics/v1/metrics.proto
public enum OTLPMetrics {
    /// Numbers of one push that are kept; further ones are skipped.
    public static let readingCountMax = 500
    /// Attributes of one number that are kept.
    public static let attributeCountMax = 16
    /// Longest name and longest attributes that are kept, in UTF-8 bytes.
    public static let textByteCountMax = 256

    /// - Throws: for bytes that are no protocol buffer, wherever they are looked into.
    public static func readings(in bytes: SharedBytes) throws(DecodeError) -> [ClientReading] {
        var readings: [ClientReading] = []
        try forEach(1, in: bytes) { resource throws(DecodeError) in
            try forEach(2, in: resource) { scope throws(DecodeError) in
                try forEach(2, in: scope) { metric throws(DecodeError) in try read(metric, into: &readings) }
            }
        }
        return readings
    }

    private static func read(_ metric: SharedBytes, into readings: inout [ClientReading]) throws(DecodeError) {
        var name = ""
        var points: [SharedBytes] = []
        var fields = ProtocolBufferFields(metric)
        while let field = try fields.next() {
            guard case .bytes(let bytes) = field.value else { continue }
            switch field.number {
            case 1: name = try text(bytes)
            // Gauge, sum: the data points of both are their field 1.
            case 5, 7:
                try forEach(1, in: bytes) { point in
                    if points.count < readingCountMax { points.append(point) }
                }
            default: break
            }
        }
        guard !name.isEmpty, name.utf8.count <= textByteCountMax else { return }
        for point in points where readings.count < readingCountMax {
            if let reading = try reading(point, of: name) { readings.append(reading) }
        }
    }

    private static func reading(_ point: SharedBytes, of name: String) throws(DecodeError) -> ClientReading? {
        var value: Double?
        var attributes: [String] = []
        var fields = ProtocolBufferFields(point)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (4, .fixed64(let bits)): value = Double(bitPattern: bits)
            case (6, .fixed64(let bits)): value = Double(Int64(bitPattern: bits))
            case (7, .bytes(let bytes)) where attributes.count < attributeCountMax:
                attributes.append(try attribute(bytes))
            default: break
            }
        }
        let shown = attributes.sorted().joined(separator: ",")
        guard let value, value.isFinite, shown.utf8.count <= textByteCountMax else { return nil }
        return ClientReading(metric: name, attributes: shown, value: value)
    }

    private static func attribute(_ bytes: SharedBytes) throws(DecodeError) -> String {
        var (key, value) = ("", "")
        var fields = ProtocolBufferFields(bytes)
        while let field = try fields.next() {
            guard case .bytes(let bytes) = field.value else { continue }
            if field.number == 1 { key = try text(bytes) }
            if field.number == 2 { value = try anyValue(bytes) }
        }
        return "\(key)=\(value)"
    }

    private static func anyValue(_ bytes: SharedBytes) throws(DecodeError) -> String {
        var fields = ProtocolBufferFields(bytes)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): return try text(bytes)
            case (2, .varint(let number)): return number == 0 ? "false" : "true"
            case (3, .varint(let number)): return String(Int64(bitPattern: number))
            default: break
            }
        }
        return ""
    }

    private static func text(_ bytes: SharedBytes) throws(DecodeError) -> String {
        var reader = ByteReader(bytes)
        return try reader.readString(count: bytes.count)
    }

    private static func forEach(
        _ number: UInt64, in bytes: SharedBytes, _ body: (SharedBytes) throws(DecodeError) -> Void
    ) throws(DecodeError) {
        var fields = ProtocolBufferFields(bytes)
        while let field = try fields.next() {
            if field.number == number, case .bytes(let inner) = field.value { try body(inner) }
        }
    }
}
