import Crypto
import ServiceRuntime

/// The keys of the history's seals. Without one a seal is a plain hash, which whoever may write the
/// database can make anew; with one it is an HMAC, which takes the key.
public struct HistoryKeys: Sendable {
    /// The least length of a key in bytes.
    public static let keyMinimum = 32

    struct Key: Sendable {
        /// What a seal names its key by; tells nothing of the key.
        let id: String
        let secret: [UInt8]
    }

    /// The first one seals, all verify.
    let keys: [Key]

    public static let none = HistoryKeys([])

    init(_ secrets: [String]) {
        keys = secrets.map { secret in
            let bytes = Array(secret.utf8)
            let id = HMAC.sha256(Array("geartrain history key".utf8), key: bytes)
            return Key(id: Hex.encode(Array(id.prefix(8))), secret: bytes)
        }
    }

    /// Reads `RECORDS_HISTORY_KEY`: one key, or several with blanks between them.
    public init(reading reader: ConfigurationReader) {
        let text = reader.optionalString(
            "RECORDS_HISTORY_KEY",
            help: "keys that seal the history, at least \(HistoryKeys.keyMinimum) bytes each;"
                + " the first seals, older ones after a blank still verify", secret: true)
        let secrets = (text ?? "").split { " \n\r\t".contains($0) }.map(String.init)
        if secrets.contains(where: { $0.utf8.count < HistoryKeys.keyMinimum }) {
            reader.problem("a key in RECORDS_HISTORY_KEY has fewer than 32 bytes")
        }
        self.init(secrets)
    }

    /// The id of the key that seals; empty without one.
    var current: String { keys.first?.id ?? "" }

    /// The digest of a seal made by the key `id` (empty: none); nil where the key is not known.
    func digest(_ message: [UInt8], key id: String) -> [UInt8]? {
        if id.isEmpty { return SHA256.digest(message) }
        return keys.first { $0.id == id }.map { HMAC.sha256(message, key: $0.secret) }
    }
}
