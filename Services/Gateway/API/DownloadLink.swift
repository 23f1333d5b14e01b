import Crypto
import ServiceRuntime

/// What a signed link lets its holder do: download the file of one run until a time, as far as its
/// issuer still may. The text is base64url(run.account.token.expires) + "." + base64url(HMAC): who
/// holds it can change nothing of it, and nothing of it is kept.
struct DownloadLink: Sendable, Equatable {
    static let defaultLife = Duration.seconds(24 * 3600)
    static let longestLife = Duration.seconds(30 * 86_400)
    private static let lengthLimit = 200

    var run: Int64
    /// Who gave it away.
    var account: Int64
    /// The API token that it was made with, without which it ends; 0 is none.
    var token: Int64
    /// Seconds since 1970.
    var expires: Int64

    /// A key of its own, from the key that the services share.
    static func key(from key: [UInt8]) -> [UInt8] {
        HMAC.sha256(Array("geartrain download link".utf8), key: key)
    }

    func text(key: [UInt8]) -> String {
        let words = [run, account, token, expires].map { String($0) }.joined(separator: ".")
        let signature = HMAC.sha256(Array(words.utf8), key: key)
        return Base64.encodeURL(Array(words.utf8)) + "." + Base64.encodeURL(signature)
    }

    init(run: Int64, account: Int64, token: Int64, expires: Int64) {
        self.run = run
        self.account = account
        self.token = token
        self.expires = expires
    }

    /// Nil where the signature is not ours; whether it has ended is for the caller to look at.
    init?(_ text: String, key: [UInt8]) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= DownloadLink.lengthLimit, parts.count == 2,
            let words = Base64.decodeURL(String(parts[0])),
            let signature = Base64.decodeURL(String(parts[1])),
            constantTimeEqual(signature, HMAC.sha256(words, key: key))
        else { return nil }
        let numbers = String(decoding: words, as: UTF8.self).split(separator: ".")
            .compactMap { Int64($0) }
        guard numbers.count == 4 else { return nil }
        self.init(
            run: numbers[0], account: numbers[1], token: numbers[2], expires: numbers[3])
        // One text for one link: base64 has several for the same bytes.
        guard self.text(key: key) == text else { return nil }
    }
}
