import Contracts
import JSON
import ServiceRuntime

/// Which account a mail leaves by.
struct OutgoingAccounts: Sendable {
    /// The most bytes of a file with accounts.
    static let fileLimit = 1 << 20

    /// The default first.
    let all: [MailConfiguration.Account]

    init(_ outgoing: MailConfiguration.Outgoing) { all = outgoing.all }

    subscript(code: String) -> MailConfiguration.Account? { all.first { $0.code == code } }

    /// By the sender that the mail names, by its class, and else the default; of those that may
    /// send as the sender the class decides. Nil where nobody sends as this sender.
    func choose(class mailClass: String?, sender: String?) -> MailConfiguration.Account? {
        let possible = sender.map { sender in all.filter { $0.sends(as: sender) } } ?? all
        if let mailClass, let found = possible.first(where: { $0.classes.contains(mailClass) }) {
            return found
        }
        // An account that is there for classes sends others only for its own sender.
        return possible.first
    }

    // MARK: - Reading

    /// The list of `MAIL_ACCOUNTS`; its faults are problems of the settings.
    static func read(
        _ text: String, defaults: MailConfiguration.Outgoing, _ reader: ConfigurationReader
    ) -> [MailConfiguration.Account] {
        let value: JSONValue
        do {
            let isJSON = text.trimmingSpaces().hasPrefix("[")
            value = try JSONValue(
                parsing: isJSON ? Array(text.utf8) : Files.read(text, limit: fileLimit))
        } catch {
            reader.problem("MAIL_ACCOUNTS is neither a JSON list nor a file with one: \(error)")
            return []
        }
        let problems = ObjectReader.Problems()
        let items = ObjectReader(["accounts": value], at: "", problems: problems).list("accounts")
        var seen: Set<String> = [MailConfiguration.Account.defaultCode]
        var accounts: [MailConfiguration.Account] = []
        for item in items {
            guard let account = account(item, defaults) else { continue }
            if !seen.insert(account.code).inserted {
                item.fault("code", "duplicate", "Another account has this code.")
            }
            accounts.append(account)
        }
        for problem in problems.items {
            let pointer = problem.pointer.replacing("/accounts", with: "", maxReplacements: 1)
            reader.problem("MAIL_ACCOUNTS \(pointer): \(problem.detail)")
        }
        return accounts
    }

    private static func account(
        _ item: ObjectReader, _ defaults: MailConfiguration.Outgoing
    ) -> MailConfiguration.Account? {
        let code = item.code()
        let url = item.string("url", required: true)
        let (user, password) = (item.string("user"), item.string("password"))
        let tls = item.word("tls", of: ["auto", "never", "try", "required"], default: "auto")
        let auth = item.word(
            "auth", of: ["plain", "login", "cram-md5", "xoauth2"], default: "plain")
        let from = item.string("from") ?? defaults.from
        let audit = item.string("audit") ?? defaults.audit
        let connections = item.integer("connections", in: 1...64) ?? Int64(defaults.connections)
        let uncertain = item.word(
            "uncertain", of: ["hold", "resend"],
            default: defaults.resendsUncertain ? "resend" : "hold")
        let (classes, senders) = (item.strings("classes"), item.strings("senders"))
        item.finish()
        for (key, text) in [("from", from), ("audit", audit ?? from)] {
            if case .failure(let fault) = AddressSyntax.read(text) {
                item.fault(key, "invalid-address", "The address \(fault.reason).")
            }
        }
        if let password, SecretName.named(by: password) == nil {
            item.fault("password", "invalid-code", "Write secret: and the secret's code.")
        }
        if password != nil, user == nil {
            item.fault("user", "required", "Who has the password?")
        }
        guard let url, let tls, let auth else { return nil }
        guard let parts = MailServerURL(url, schemes: ["smtp", "smtps"]), parts.user == nil else {
            item.fault(
                "url", "invalid-url",
                "Write smtp://host:port or smtps://host:port; user and password stand apart.")
            return nil
        }
        let word = tls == "auto" && user != nil && !parts.isLoopback ? "required" : tls
        return MailConfiguration.Account(
            code: code, from: from, audit: audit,
            smtp: .init(
                url: parts.url, user: user, password: password, startTLS: parts.startTLS(word),
                loginOptions: user == nil ? nil : "AUTH=\(auth.uppercased())"),
            connections: Int(connections), resendsUncertain: uncertain == "resend",
            classes: Set(classes), senders: senders)
    }
}
