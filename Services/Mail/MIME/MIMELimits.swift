/// Every limit of reading a message. Over one of them the rest is left unread, `overLimits` names
/// it and the raw bytes stay whole.
struct MIMELimits: Sendable {
    /// Multiparts within multiparts.
    var depth = 50
    /// Parts of a message, containers counted.
    var parts = 1_000
    /// Bytes of all headers of a message together.
    var headerBytes = 1 << 20
    /// Lines of all headers of a message together.
    var headerLines = 10_000
    /// Pieces of one parameter value (RFC 2231).
    var parameterSegments = 100
    /// Encoded words (RFC 2047) of one message.
    var encodedWords = 10_000
    /// A longer boundary is taken for none (RFC 2046 allows 70).
    var boundaryBytes = 200
    /// Addresses of one field.
    var addresses = 5_000
    /// Bytes of a text or HTML body after decoding.
    var textBytes = 10 << 20
    /// Bytes of a whole message.
    var messageBytes = 50 << 20

    init() {}
}

/// The limits that a message went over, by their names.
struct OverLimits: OptionSet, Sendable, Hashable {
    let rawValue: Int
    static let depth = OverLimits(rawValue: 1)
    static let parts = OverLimits(rawValue: 2)
    static let headers = OverLimits(rawValue: 4)
    static let parameters = OverLimits(rawValue: 8)
    static let encodedWords = OverLimits(rawValue: 16)
    static let addresses = OverLimits(rawValue: 32)
    static let text = OverLimits(rawValue: 64)
    static let message = OverLimits(rawValue: 128)

    private static let names: [(OverLimits, String)] = [
        (.depth, "depth"), (.parts, "parts"), (.headers, "headers"), (.parameters, "parameters"),
        (.encodedWords, "encodedWords"), (.addresses, "addresses"), (.text, "text"),
        (.message, "message"),
    ]

    var names: [String] { OverLimits.names.filter { contains($0.0) }.map(\.1) }
}
