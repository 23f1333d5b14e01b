import Database
import Curl
import RPC
import ServiceRuntime

/// The settings of Mail.
public struct MailConfiguration: Sendable {
    public var rpc: RPCConfiguration
    /// A folder for SQLite, folder mailboxes and outgoing files.
    public var data: String
    public var database: DatabaseConfiguration
    public var outgoing: Outgoing
    /// The kill switch: off, mailboxes stand still and mail is held.
    public var integrations: Bool
    /// A folder with a file for each `secret:name` of a mailbox.
    public var secrets: String
    /// A PEM file of certificate authorities for SMTP and IMAP; nil is the system's.
    public var authorities: String?
    /// The most that a mail server may keep us waiting for an answer.
    public var serverTimeout = Duration.seconds(60)
    /// Connections that mailboxes hold to one mail server.
    public var serverConnections = 8

    /// For tests and AllInOne; everything else has its default.
    public init(rpc: RPCConfiguration, data: String) {
        self.rpc = rpc
        self.data = data
        database = DatabaseConfiguration(location: data + "/mail.db")
        outgoing = Outgoing()
        integrations = true
        secrets = data + "/secrets"
    }

    /// Reads the environment; see `mail --help`.
    public init(reading reader: ConfigurationReader) {
        rpc = RPCConfiguration(
            reading: reader, service: "mail", defaultPort: 8082,
            peers: ["records", "workflow", "batch"])
        data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        database = DatabaseConfiguration(reading: reader, service: "mail", data: data)
        outgoing = Outgoing(reading: reader)
        let isOn = reader.flag(
            "INTEGRATIONS", default: true,
            help: "off: mailboxes stand still and mail is held")
        integrations = isOn && !Disarmament.holds(data)
        secrets =
            reader.optionalString(
                "MAIL_SECRETS", help: "folder with a file per secret (GEARTRAIN_DATA/secrets)")
            ?? data + "/secrets"
        authorities = reader.optionalString(
            "MAIL_TLS_AUTHORITIES",
            help: "PEM file of certificate authorities instead of the system's")
        serverTimeout = reader.duration(
            "MAIL_SERVER_TIMEOUT", default: .seconds(60),
            help: "the longest wait for a mail server's answer")
        serverConnections = reader.integer(
            "MAIL_SERVER_CONNECTIONS", default: 8, in: 1...1000,
            help: "connections of mailboxes to one mail server")
    }
}

/// The parts of `scheme://user:password@host:port`, percent codes read.
struct MailServerURL: Sendable, Hashable {
    /// Without user and password.
    let url: String
    /// For people and the audit: `host:port` or `host`.
    let server: String
    let host: String
    let user: String?
    let password: String?

    init?(_ text: String, schemes: [String]) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            return nil
        }
        let scheme = text[..<colon].lowercased()
        guard schemes.contains(scheme) else { return nil }
        var rest = text[text.index(colon, offsetBy: 3)...]
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.contains(where: { "/?#".contains($0) }) || rest.contains("@") else {
            return nil
        }
        var login: (String?, String?) = (nil, nil)
        if let at = rest.lastIndex(of: "@") {
            let halves = rest[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = MailServerURL.decoded(halves[0]), !user.isEmpty else { return nil }
            var password: String?
            if halves.count > 1 {
                guard let text = MailServerURL.decoded(halves[1]) else { return nil }
                password = text
            }
            login = (user, password)
            rest = rest[rest.index(after: at)...]
        }
        guard let (host, isValid) = MailServerURL.hostAndPort(rest), isValid else { return nil }
        self.host = host
        server = String(rest)
        url = "\(scheme)://\(rest)"
        (user, password) = login
    }

    var isLoopback: Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "[::1]"
    }

    /// `auto`: never send a password in the clear over a network, and do not ask for TLS on
    /// loopback.
    func startTLS(_ word: String) -> CurlConnection.Target.TLS {
        if let choice = CurlConnection.Target.TLS(rawValue: word) { return choice }
        if isLoopback { return .never }
        return user == nil ? .try : .required
    }

    private static func hostAndPort(_ text: Substring) -> (String, Bool)? {
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let host = text[...close]
            let rest = text[text.index(after: close)...]
            return (String(host), rest.isEmpty || isPort(rest))
        }
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let host = text[..<colon]
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dash || $0 == ASCII.dot
            }
        return (String(host), isHost && (colon == text.endIndex || isPort(text[colon...])))
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard text.first == ":", let port = Int(text.dropFirst()) else { return false }
        return (1...65_535).contains(port)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var index = text.utf8.startIndex
        while index < text.utf8.endIndex {
            let byte = text.utf8[index]
            index = text.utf8.index(after: index)
            guard byte == ASCII.percent else {
                bytes.append(byte)
                continue
            }
            let code = text.utf8[index...].prefix(2).compactMap(ASCII.hex)
            guard code.count == 2 else { return nil }
            bytes.append(code[0] << 4 | code[1])
            index = text.utf8.index(index, offsetBy: 2)
        }
        let decoded = String(validating: bytes, as: UTF8.self)
        return decoded?.unicodeScalars.contains(where: AddressSyntax.isControl) == true
            ? nil : decoded
    }
}
