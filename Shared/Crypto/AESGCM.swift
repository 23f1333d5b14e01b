import CCrypto
import ServiceRuntime

/// AES-256-GCM with a random nonce in front: nonce (12) + ciphertext + tag (16).
public enum AESGCM {
    static let keyBytes = 32
    static let nonceBytes = 12
    static let tagBytes = 16

    public static func seal(
        _ bytes: [UInt8], key: [UInt8], associated: [UInt8] = [], random: any RandomSource
    ) throws -> [UInt8] {
        try seal(bytes, key: key, nonce: random.bytes(nonceBytes), associated: associated)
    }

    static func seal(_ bytes: [UInt8], key: [UInt8], nonce: [UInt8], associated: [UInt8]) throws
        -> [UInt8]
    {
        try check(key)
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = nonce
        sealed.append(contentsOf: repeatElement(0, count: bytes.count + tagBytes))
        var count: Int32 = 0
        let success = sealed.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(context, nil, &count, associated, Int32(associated.count)) == 1
                && EVP_EncryptUpdate(
                    context, start + nonceBytes, &count, bytes, Int32(bytes.count)) == 1
                && EVP_EncryptFinal_ex(context, start + nonceBytes + bytes.count, &count) == 1
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes),
                    start + nonceBytes + bytes.count) == 1
        }
        guard success else { throw CryptoError.library(CryptoError.lastWords()) }
        return sealed
    }

    /// Throws `CryptoError.authentication` where key, bytes or associated data are not those that
    /// were sealed.
    public static func open(_ sealed: [UInt8], key: [UInt8], associated: [UInt8] = []) throws
        -> [UInt8]
    {
        try check(key)
        guard sealed.count >= nonceBytes + tagBytes else { throw CryptoError.authentication }
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        let nonce = Array(sealed.prefix(nonceBytes))
        let secret = Array(sealed.dropFirst(nonceBytes).dropLast(tagBytes))
        var tag = Array(sealed.suffix(tagBytes))
        // One byte more than needed, so that an empty text has an address too.
        var opened = [UInt8](repeating: 0, count: secret.count + 1)
        var count: Int32 = 0
        var rest: [UInt8] = [0]
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(context, nil, &count, associated, Int32(associated.count)) == 1,
            EVP_DecryptUpdate(context, &opened, &count, secret, Int32(secret.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &count) == 1
        else { throw CryptoError.authentication }
        opened.removeLast()
        return opened
    }

    private static func check(_ key: [UInt8]) throws {
        guard key.count == keyBytes else {
            throw CryptoError.badParameter("a key for AES-256 has 32 bytes, not \(key.count)")
        }
    }
}
