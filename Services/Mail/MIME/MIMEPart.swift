/// A part of a message, in a flat list: the root first, children after their parent.
struct MIMEPart: Sendable {
    var parent: Int?
    var header = HeaderBlock()
    var contentType: ParameterField?
    var disposition: ParameterField?
    /// Where the body lies in the raw bytes, still encoded.
    var body: Range<Int> = 0..<0
    var children: [Int] = []
    /// A multipart whose boundary never came is read as text.
    var isMultipart = false

    /// `text/plain`; without a usable Content-Type the default of its place.
    var mediaType = "text/plain"

    var isText: Bool { mediaType.hasPrefix("text/") }
    var charset: String { contentType?["charset"] ?? "" }

    var transferEncoding: TransferEncoding {
        guard let value = header.first("content-transfer-encoding") else { return .identity }
        // Some senders put a comment or a parameter behind it.
        let word = ASCII.trimmed(value[...]).prefix { !ASCII.isSpace($0) && $0 != ASCII.semicolon }
        return TransferEncoding(ASCII.lowercased(word))
    }
}
