import Crypto
import ServiceRuntime

/// Signature version 4 of Amazon's API, for requests whose body is not signed but sent over TLS.
struct S3Signature {
    let key: String
    let secret: String
    let region: String

    /// What stands for the hash of a body that is sent as it is read.
    static let unsigned = "UNSIGNED-PAYLOAD"

    /// The headers to send. `path` and `query` are encoded as they are sent, the query sorted.
    func headers(
        _ method: String, host: String, path: String, query: String = "",
        payload: String = S3Signature.unsigned, extra: [(String, String)] = [], now: Timestamp
    ) -> [(String, String)] {
        // 2026-11-22T10:15:30.123Z becomes 20261122T101530Z.
        let time = String(now.text.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
        var signed = [("host", host), ("x-amz-content-sha256", payload), ("x-amz-date", time)]
        signed += extra.map { ($0.0.lowercased(), $0.1) }
        signed.sort { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let lines = signed.map { "\($0.0):\($0.1)\n" }.joined()
        let request = [method, path, query, lines, names, payload].joined(separator: "\n")
        let scope = "\(time.prefix(8))/\(region)/s3/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time, scope, SHA256.hex(Array(request.utf8)),
        ].joined(separator: "\n")
        let parts = [String(time.prefix(8)), region, "s3", "aws4_request", text]
        let signature = parts.reduce(Array("AWS4\(secret)".utf8)) {
            HMAC.sha256(Array($1.utf8), key: $0)
        }
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(key)/\(scope),SignedHeaders=\(names)"
            + ",Signature=\(Hex.encode(signature))"
        return signed.filter { $0.0 != "host" } + [("Authorization", authorization)]
    }
}
