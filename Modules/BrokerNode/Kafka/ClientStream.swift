// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import Transport

/// What a Kafka connection needs of the byte stream below it: a socket, or a call of our own RPC.
package protocol ClientStream: AnyObject {
    var peerHost: String { get }
    var peerPort: Int { get }
    /// Address and port at which the client reached us.
    var localHost: String { get }
    var localPort: Int { get }
    /// Whether the client came over our own RPC, and is to be told of RPC endpoints.
    var isRPC: Bool { get }
    var pendingOutputByteCount: Int { get }
    func write(_ bytes: [UInt8])
    func write(_ bytes: SharedBytes)
    func writeFile(_ lease: DescriptorLease, position: Int64, count: Int)
    func pauseReading()
    /// Counts bytes of requests that are kept until they are answered; a negative number gives them back.
    func hold(_ byteCount: Int)
    func resumeReading()
    /// Sends what was written, then closes.
    func close()
}

extension FrameConnection: ClientStream {
    package var peerHost: String { peer.host }
    package var peerPort: Int { peer.port }
    package var localHost: String { local.host }
    package var localPort: Int { local.port }
    package var isRPC: Bool { false }
}
