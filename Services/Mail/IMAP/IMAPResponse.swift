/// A value of an IMAP response.
indirect enum IMAPValue: Sendable, Hashable {
    /// An atom, a number, a flag; `BODY[]` with its brackets.
    case atom(String)
    /// A quoted string or a literal.
    case string([UInt8])
    case list([IMAPValue])
    case null

    var atom: String? { if case .atom(let text) = self { text } else { nil } }
    var list: [IMAPValue]? { if case .list(let values) = self { values } else { nil } }
    var number: UInt64? { atom.flatMap { UInt64($0) } }
    var bytes: [UInt8]? {
        switch self {
        case .string(let bytes): bytes
        case .atom(let text): Array(text.utf8)
        default: nil
        }
    }
}

/// One response of an IMAP server (RFC 3501 §7).
enum IMAPResponse: Sendable, Hashable {
    enum Status: String, Sendable {
        case ok = "OK", no = "NO", bad = "BAD", bye = "BYE", preauth = "PREAUTH"
    }

    /// `M1 OK [READ-WRITE] done`.
    case tagged(String, Status, code: [IMAPValue], text: String)
    /// `* OK [UIDVALIDITY 3] …`.
    case status(Status, code: [IMAPValue], text: String)
    /// `* 12 FETCH (…)`, `* SEARCH 1 2`: the number, if it begins with one, the name and the
    /// rest.
    case untagged(number: UInt64?, name: String, [IMAPValue])
    /// `+ idling`.
    case continuation(String)
}

/// The server does not speak IMAP as it should.
struct IMAPProtocolError: Error, Hashable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
