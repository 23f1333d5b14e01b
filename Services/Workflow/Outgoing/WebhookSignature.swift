import Crypto
import HTTP
import ServiceRuntime

/// The headers of Standard Webhooks, by which a receiver knows who sent a call and that it is whole
/// and fresh.
enum WebhookSignature {
    private static let prefix = "whsec_"

    /// `secret` is `whsec_` and base64, or the key itself. `id` is the same for every try.
    static func headers(
        id: String, at time: Timestamp, body: [UInt8], secret: String
    ) throws -> [(String, String)] {
        var key: [UInt8]? = Array(secret.utf8)
        if secret.hasPrefix(prefix) { key = Base64.decode(String(secret.dropFirst(prefix.count))) }
        guard let key, !key.isEmpty else {
            throw Problem.outgoingRefused(
                "the secret of “sign” begins with whsec_, and what follows is no base64")
        }
        let seconds = String(time.milliseconds / 1000)
        let signed = Array("\(id).\(seconds).".utf8) + body
        return [
            ("webhook-id", id), ("webhook-timestamp", seconds),
            ("webhook-signature", "v1," + Base64.encode(HMAC.sha256(signed, key: key))),
        ]
    }
}
