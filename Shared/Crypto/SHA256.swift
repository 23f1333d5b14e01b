import CCrypto
import ServiceRuntime

/// SHA-256 over bytes or, with `update`, over a stream.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer?

    public init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, Digest.sha256.pointer, nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest, 32 bytes.
    public consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Digest.byteCount) { buffer, count in
            var written: UInt32 = 0
            EVP_DigestFinal_ex(context, buffer.baseAddress, &written)
            count = Int(written)
        }
    }

    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The digest as 64 lower-case hex digits.
    public static func hex(_ bytes: [UInt8]) -> String { Hex.encode(digest(bytes)) }
}

/// OpenSSL's algorithm, looked up once: the look-up costs more than hashing a short text.
private struct Digest: @unchecked Sendable {
    static let byteCount = 32
    static let sha256 = Digest(pointer: EVP_MD_fetch(nil, "SHA256", nil))
    let pointer: OpaquePointer?
}

/// HMAC-SHA-256.
public enum HMAC {
    public static func sha256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Digest.byteCount) { buffer, count in
            var written: UInt32 = 0
            // An empty array may have no address, and no key at all is another call to OpenSSL.
            let keyed = key.isEmpty ? [0] : key
            _ = CCrypto.HMAC(
                Digest.sha256.pointer, keyed, Int32(key.count), bytes, bytes.count,
                buffer.baseAddress, &written)
            count = Int(written)
        }
    }
}

/// Comparison whose time does not depend on the content.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
