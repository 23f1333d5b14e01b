import Glibc

/// How a test gives mails to the platform and sees those that it sends.
public protocol MailWorld: Sendable {
    /// Delivers a mail into the mailbox `support`; `name` differs for each.
    func deliver(_ mail: String, name: String) throws
    /// The mails that reached an address, as texts.
    func mails(to address: String) -> [String]
}

/// Folders: files into `mail/in`, files out of `mail/out`.
public struct FolderMail: MailWorld {
    private let folder: String

    public init(_ train: Train) { folder = train.data + "/mail" }

    public func deliver(_ mail: String, name: String) throws {
        try TestFile.write(mail, to: "\(folder)/in/\(name).eml")
    }

    public func mails(to address: String) -> [String] {
        TestFile.names(in: folder + "/out").filter { $0.hasSuffix(".eml") }
            .compactMap { TestFile.text("\(folder)/out/\($0)") }
            .filter { SentMail($0).isTo(address) }
    }
}

/// A mail as it was sent: what tests look at.
public struct SentMail: Sendable {
    public let text: String
    /// Header and body.
    private let parts: (head: [String], body: String)

    public init(_ text: String) {
        self.text = text
        // CRLF is one character of a string.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
            .map(String.init)
        let end = lines.firstIndex(of: "") ?? lines.count
        parts = (Array(lines[..<end]), lines[end...].joined(separator: "\n"))
    }

    /// A header's value, unfolded.
    public func header(_ name: String) -> String? {
        var found: String?
        for line in parts.head {
            if let value = found {
                guard line.first == " " || line.first == "\t" else { return value }
                found = value + " " + String(line.drop { $0 == " " || $0 == "\t" })
            } else if line.lowercased().hasPrefix(name.lowercased() + ":") {
                found = String(line.dropFirst(name.count + 1).drop { $0 == " " })
            }
        }
        return found
    }

    public func isTo(_ address: String) -> Bool { header("To")?.contains(address) == true }

    /// The body; quoted-printable is undone.
    public var body: String {
        let isQuoted = header("Content-Transfer-Encoding")?.lowercased() == "quoted-printable"
        guard isQuoted else { return parts.body }
        var bytes: [UInt8] = []
        var rest = Array(parts.body.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "="), let next = rest.first else {
                bytes.append(byte)
                continue
            }
            if next == 10 {
                rest.removeFirst()
            } else if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest.removeFirst(2)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The path of the link that a person presses: `/e/…`.
    public var link: String? {
        let body = body
        guard let range = body.firstRange(of: "/e/") else { return nil }
        let token = body[range.upperBound...].prefix {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == ".")
        }
        return "/e/" + token
    }
}
