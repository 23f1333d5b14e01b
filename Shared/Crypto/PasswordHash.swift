import CCrypto
import ServiceRuntime

/// Password hashes by scrypt (N = 2^15, r = 8, p = 1), as `scrypt$15$8$1$salt$hash` in base64url.
public enum PasswordHash {
    private static let exponent = 15
    private static let blockSize = 8
    private static let parallelism = 1
    private static let saltBytes = 16
    private static let hashBytes = 32
    /// Of a stored hash; beyond it the parameters are not ours and could take the machine down.
    private static let memoryLimit: UInt64 = 128 << 20

    /// Takes about 50 ms and 32 MiB: never on a loop; run it on a `ThreadExecutor`.
    public static func make(_ password: String, random: any RandomSource) throws -> String {
        let salt = random.bytes(saltBytes)
        guard
            let hash = scrypt(
                password, salt: salt, exponent: exponent, blockSize: blockSize,
                parallelism: parallelism, count: hashBytes)
        else { throw CryptoError.library(CryptoError.lastWords()) }
        return "scrypt$\(exponent)$\(blockSize)$\(parallelism)$"
            + "\(Base64.encodeURL(salt))$\(Base64.encodeURL(hash))"
    }

    /// Compares in constant time; false for a hash that cannot be read.
    public static func verify(_ password: String, against hash: String) -> Bool {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let exponent = Int(parts[1]),
            let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
            (1...20).contains(exponent), (1...32).contains(blockSize),
            (1...16).contains(parallelism), let salt = Base64.decodeURL(String(parts[4])),
            let expected = Base64.decodeURL(String(parts[5])), !expected.isEmpty,
            let actual = scrypt(
                password, salt: salt, exponent: exponent, blockSize: blockSize,
                parallelism: parallelism, count: expected.count)
        else { return false }
        return constantTimeEqual(actual, expected)
    }

    /// RFC 7914 with N = 2^exponent; nil where OpenSSL refuses the parameters.
    static func scrypt(
        _ password: String, salt: [UInt8], exponent: Int, blockSize: Int, parallelism: Int,
        count: Int
    ) -> [UInt8]? {
        var password = password
        var hash = [UInt8](repeating: 0, count: count)
        let success = password.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { characters in
                EVP_PBE_scrypt(
                    characters.baseAddress, characters.count, salt,
                    salt.count, 1 << UInt64(exponent), UInt64(blockSize), UInt64(parallelism),
                    memoryLimit, &hash, count)
            }
        }
        return success == 1 ? hash : nil
    }
}
