import ServiceRuntime

/// SHA-256 over bytes or, with `update`, over a stream.
public struct SHA256: ~Copyable {
    public init() { fatalError("stub") }
    public mutating func update(_ bytes: [UInt8]) { fatalError("stub") }
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { fatalError("stub") }
    /// The digest, 32 bytes.
    public consuming func finish() -> [UInt8] { fatalError("stub") }
    public static func digest(_ bytes: [UInt8]) -> [UInt8] { fatalError("stub") }
    /// The digest as 64 lower-case hex digits.
    public static func hex(_ bytes: [UInt8]) -> String { fatalError("stub") }
}

/// HMAC-SHA-256.
public enum HMAC {
    public static func sha256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] { fatalError("stub") }
}

/// Password hashes by scrypt (N = 2^15, r = 8, p = 1), as `scrypt$15$8$1$salt$hash` in base64url.
public enum PasswordHash {
    /// Takes about 50 ms and 32 MiB: never on a loop; run it on a `ThreadExecutor`.
    public static func make(_ password: String, random: any RandomSource) throws -> String {
        fatalError("stub")
    }
    /// Compares in constant time; false for a hash that cannot be read.
    public static func verify(_ password: String, against hash: String) -> Bool {
        fatalError("stub")
    }
}

/// AES-256-GCM with a random nonce in front: nonce (12) + ciphertext + tag (16).
public enum AESGCM {
    public static func seal(
        _ bytes: [UInt8], key: [UInt8], associated: [UInt8] = [], random: any RandomSource
    ) throws -> [UInt8] { fatalError("stub") }
    /// Throws `CryptoError.authentication` where key, bytes or associated data are not those that were sealed.
    public static func open(_ sealed: [UInt8], key: [UInt8], associated: [UInt8] = []) throws
        -> [UInt8]
    { fatalError("stub") }
}

/// Ed25519 signatures (evidence files).
public enum Ed25519 {
    /// The public key of a 32-byte private seed.
    public static func publicKey(of seed: [UInt8]) throws -> [UInt8] { fatalError("stub") }
    public static func sign(_ bytes: [UInt8], seed: [UInt8]) throws -> [UInt8] {
        fatalError("stub")
    }
    public static func verify(_ signature: [UInt8], of bytes: [UInt8], publicKey: [UInt8]) -> Bool {
        fatalError("stub")
    }
}

/// Comparison whose time does not depend on the content.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { fatalError("stub") }

public enum CryptoError: Error, Sendable {
    /// A key or nonce of the wrong length.
    case badParameter(String)
    /// A seal that does not fit.
    case authentication
    /// OpenSSL's own words.
    case library(String)
}
