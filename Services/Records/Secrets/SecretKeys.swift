import Crypto
import ServiceRuntime

/// The keys that seal secrets: the operator's, or one that is derived from the key between the
/// services, which every installation has.
struct SecretKeys: Sendable {
    static let keyMinimum = 32

    struct Key: Sendable {
        /// What a row names its key by; tells nothing of the key.
        let id: String
        let bytes: [UInt8]

        init(_ secret: [UInt8]) {
            bytes = HMAC.sha256(Array("geartrain secrets".utf8), key: secret)
            id = Hex.encode(
                Array(HMAC.sha256(Array("geartrain secrets key".utf8), key: secret).prefix(8)))
        }
    }

    /// The first one seals, all open.
    let keys: [Key]

    /// `given`: `RECORDS_SECRET_KEY`; the one of `rpc` still opens what it sealed before.
    init(given: [String], rpc: [UInt8]) {
        keys = given.map { Key(Array($0.utf8)) } + [Key(rpc)]
    }

    func key(_ id: String) -> Key? { keys.first { $0.id == id } }
}

extension RecordsConfiguration {
    /// Reads `RECORDS_SECRET_KEY`: one key, or several with blanks between them.
    static func secretKeys(reading reader: ConfigurationReader) -> [String] {
        let text = reader.optionalString(
            "RECORDS_SECRET_KEY",
            help: "keys that seal secrets, at least \(SecretKeys.keyMinimum) bytes each; the first"
                + " seals, older ones after a blank still open; without one a key made of RPC_KEY",
            secret: true)
        let keys = (text ?? "").split { " \n\r\t".contains($0) }.map(String.init)
        if keys.contains(where: { $0.utf8.count < SecretKeys.keyMinimum }) {
            reader.problem(
                "a key in RECORDS_SECRET_KEY has fewer than \(SecretKeys.keyMinimum) bytes")
        }
        return keys
    }
}
