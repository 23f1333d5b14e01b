import CCrypto

/// Ed25519 signatures (evidence files).
public enum Ed25519 {
    static let keyBytes = 32
    static let signatureBytes = 64

    /// The public key of a 32-byte private seed.
    public static func publicKey(of seed: [UInt8]) throws -> [UInt8] {
        let key = try privateKey(seed)
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        var count = keyBytes
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 else {
            throw CryptoError.library(CryptoError.lastWords())
        }
        return bytes
    }

    public static func sign(_ bytes: [UInt8], seed: [UInt8]) throws -> [UInt8] {
        let key = try privateKey(seed)
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: signatureBytes)
        var count = signatureBytes
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        else { throw CryptoError.library(CryptoError.lastWords()) }
        return signature
    }

    /// False also for a key or a signature of the wrong length.
    public static func verify(_ signature: [UInt8], of bytes: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureBytes, publicKey.count == keyBytes,
            let key = EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }

    private static func privateKey(_ seed: [UInt8]) throws -> OpaquePointer {
        guard seed.count == keyBytes else {
            throw CryptoError.badParameter("an Ed25519 seed has 32 bytes, not \(seed.count)")
        }
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
            throw CryptoError.library(CryptoError.lastWords())
        }
        return key
    }
}
