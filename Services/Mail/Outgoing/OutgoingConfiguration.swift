import Curl
import JSON
import ServiceRuntime

extension MailConfiguration {
    /// How mail leaves. What is said here is the account `default`, which sends whatever no other
    /// account is named for.
    public struct Outgoing: Sendable {
        /// `Help desk <support@example.org>`.
        public var from = "Geartrain <geartrain@localhost>"
        /// Gets a blind copy of every mail.
        public var audit: String?
        /// `smtp://user:password@host:port` or `smtps://`; nil writes files.
        public var smtp: SMTP?
        /// Connections to the server at a time.
        public var connections = 4
        /// Whether a mail whose outcome nobody knows is sent again under the same Message-ID.
        public var resendsUncertain = false
        /// Further accounts, for classes of mail and for senders.
        public var accounts: [Account] = []
        /// Outside production: whatever anybody would get goes to this address instead.
        public var redirect: String?
        public var firstRetry = Duration.seconds(30)
        public var longestRetry = Duration.seconds(4 * 3600)
        /// After this time a recipient that is still deferred has failed.
        public var retryFor = Duration.seconds(5 * 86_400)
        /// How long the bytes of a mail are kept once nothing of it is open; nil is for ever.
        public var keepBytes: Duration?
        /// And its rows.
        public var keep: Duration?

        public init() {}

        /// The default account first.
        var all: [Account] {
            let first = Account(
                code: Account.defaultCode, from: from, audit: audit, smtp: smtp,
                connections: connections, resendsUncertain: resendsUncertain)
            return [first] + accounts
        }
    }

    /// An account of a mail server, with who and what it is for.
    public struct Account: Sendable {
        static let defaultCode = "default"

        public var code: String
        /// The sender of what it sends, unless a mail names one of `senders`.
        public var from: String
        public var audit: String?
        public var smtp: SMTP?
        public var connections: Int
        public var resendsUncertain: Bool
        /// Classes of mail that leave by it.
        public var classes: Set<String> = []
        /// Who else may be its sender: addresses, or `@example.org` for a whole domain.
        public var senders: [String] = []

        public init(
            code: String, from: String, audit: String? = nil, smtp: SMTP?, connections: Int = 4,
            resendsUncertain: Bool = false, classes: Set<String> = [], senders: [String] = []
        ) {
            self.code = code
            self.from = from
            self.audit = audit
            self.smtp = smtp
            self.connections = connections
            self.resendsUncertain = resendsUncertain
            self.classes = classes
            self.senders = senders
        }

        /// Whether mail of this address may leave by it.
        func sends(as address: String) -> Bool {
            let address = address.lowercased()
            if case .success(let own) = AddressSyntax.read(from),
                own.address.lowercased() == address
            {
                return true
            }
            return senders.contains { sender in
                let sender = sender.lowercased()
                return sender.first == "@" ? address.hasSuffix(sender) : address == sender
            }
        }

        /// How it greets servers.
        var helloName: String {
            let domain = from.split(separator: "@").last ?? "localhost"
            return domain.filter { $0 != ">" && $0 != " " }
        }
    }

    public struct SMTP: Sendable {
        static let tokenLogin = "AUTH=XOAUTH2"

        /// Without user and password.
        public var url: String
        public var user: String?
        /// Or `secret:name`, which is read at each log-in; with `AUTH=XOAUTH2` the token.
        public var password: String?
        public var startTLS: CurlConnection.Target.TLS
        /// `AUTH=PLAIN`.
        public var loginOptions: String?

        public init(
            url: String, user: String? = nil, password: String? = nil,
            startTLS: CurlConnection.Target.TLS, loginOptions: String? = nil
        ) {
            self.url = url
            self.user = user
            self.password = password
            self.startTLS = startTLS
            self.loginOptions = loginOptions
        }

        /// For people and the audit: `host:port` or `host`.
        var server: String { MailServerURL(url, schemes: ["smtp", "smtps"])?.server ?? "" }
    }
}

extension MailConfiguration.Outgoing {
    init(reading reader: ConfigurationReader) {
        from = reader.string(
            "MAIL_FROM", default: "Geartrain <geartrain@localhost>", help: "sender of all mail")
        audit = reader.optionalString(
            "MAIL_AUDIT_ADDRESS", help: "gets a blind copy of every mail")
        redirect = reader.optionalString(
            "MAIL_REDIRECT", help: "outside production: gets every mail instead of its recipients")
        let addresses = [
            ("MAIL_FROM", from), ("MAIL_AUDIT_ADDRESS", audit), ("MAIL_REDIRECT", redirect),
        ]
        for (name, text) in addresses {
            guard let text, case .failure(let fault) = AddressSyntax.read(text) else { continue }
            reader.problem("\(name) \(fault.reason)")
        }
        smtp = MailConfiguration.SMTP(reading: reader)
        connections = reader.integer(
            "MAIL_SMTP_CONNECTIONS", default: 4, in: 1...64, help: "connections to the server")
        resendsUncertain =
            reader.choice(
                "MAIL_UNCERTAIN", default: "hold", of: ["hold", "resend"],
                help: "what to do where nobody knows whether the server took a mail") == "resend"
        firstRetry = reader.duration(
            "MAIL_RETRY_FIRST", default: .seconds(30), help: "wait after the first failure")
        longestRetry = reader.duration(
            "MAIL_RETRY_MOST", default: .seconds(4 * 3600), help: "longest wait between two tries")
        retryFor = reader.duration(
            "MAIL_RETRY_FOR", default: .seconds(5 * 86_400), help: "then a recipient has failed")
        keepBytes = MailConfiguration.time(
            reader, "MAIL_KEEP_BYTES", help: "how long the bytes of mails are kept; else for ever")
        keep = MailConfiguration.time(
            reader, "MAIL_KEEP", help: "how long mails are kept in the audit; else for ever")
        let text = reader.optionalString(
            "MAIL_ACCOUNTS", help: "further accounts: JSON, or the path of a file with it")
        if let text { accounts = OutgoingAccounts.read(text, defaults: self, reader) }
    }
}

extension MailConfiguration {
    fileprivate static func time(_ reader: ConfigurationReader, _ name: String, help: String)
        -> Duration?
    {
        guard let text = reader.optionalString(name, help: help) else { return nil }
        if let time = Duration(text: text) { return time }
        reader.problem("\(name) is “\(text)”; it must be a duration such as 90d")
        return nil
    }
}

extension MailConfiguration.SMTP {
    init?(reading reader: ConfigurationReader) {
        let url = reader.optionalString(
            "MAIL_SMTP_URL", help: "smtp:// or smtps://user:password@host:port; else files",
            secret: true)
        let word = reader.choice(
            "MAIL_SMTP_TLS", default: "auto", of: ["auto", "never", "try", "required"],
            help: "STARTTLS; auto: required with a password, never on loopback, else try")
        let options = reader.optionalString(
            "MAIL_SMTP_LOGIN", help: "login mechanism, such as AUTH=PLAIN")
        guard let url else { return nil }
        guard let parts = MailServerURL(url, schemes: ["smtp", "smtps"]) else {
            reader.problem("MAIL_SMTP_URL must be smtp://user:password@host:port or smtps://…")
            return nil
        }
        self.init(
            url: parts.url, user: parts.user, password: parts.password,
            startTLS: parts.startTLS(word), loginOptions: options)
    }
}
