import CCrypto

public enum CryptoError: Error, Sendable {
    /// A key or nonce of the wrong length.
    case badParameter(String)
    /// A seal that does not fit.
    case authentication
    /// OpenSSL's own words.
    case library(String)
}

extension CryptoError {
    static func lastWords() -> String {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &text, text.count)
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
