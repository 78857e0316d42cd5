// SPDX-License-Identifier: Apache-2.0

/// How far compressed bytes may grow. Output beyond a limit is refused as soon as it appears, never allocated first.
public struct DecompressionLimits: Equatable, Sendable {
    /// Most bytes that may come out. 48 MiB: with the codec's own window the whole stays below 64 MiB, and a batch of
    /// the default `message.max.bytes` may still have shrunk by 48 times.
    public var outputBytesMax: Int
    /// Most bytes out for each byte in, where more than `ratioFreeBytes` come out. Logs and telemetry reach 10 to 60;
    /// a bomb that is worth sending needs thousands.
    public var ratioMax: Int
    /// Output up to this size may have any ratio: a few kilobytes of one repeated byte are a load test, not an attack.
    public var ratioFreeBytes: Int

    public init(outputBytesMax: Int = 48 << 20, ratioMax: Int = 250, ratioFreeBytes: Int = 4 << 20) {
        precondition(outputBytesMax > 0 && ratioMax > 0, "limits \(outputBytesMax) and \(ratioMax) must be positive")
        self.outputBytesMax = outputBytesMax
        self.ratioMax = ratioMax
        self.ratioFreeBytes = ratioFreeBytes
    }

    public static let standard = DecompressionLimits()

    /// Most bytes that `inputByteCount` bytes may become.
    public func outputBytesMax(forInput inputByteCount: Int) -> Int {
        let (product, overflow) = inputByteCount.multipliedReportingOverflow(by: ratioMax)
        return min(outputBytesMax, overflow ? outputBytesMax : max(product, ratioFreeBytes))
    }
}

/// Why compressed bytes were not expanded.
public enum DecompressionRefusal: Error, Equatable, Sendable {
    /// The bytes are not what the codec writes, or end early.
    case corrupt(Codec)
    /// More than `outputBytesMax` bytes would come out of `inputByteCount`.
    case tooLarge(Codec, inputByteCount: Int, outputBytesMax: Int)
    /// Well-formed bytes follow the end of the compressed data.
    case trailingBytes(Codec, count: Int)
}
