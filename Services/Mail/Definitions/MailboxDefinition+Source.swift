import Contracts
import Curl
import JSON

/// The source of a mailbox, by its kind.
extension MailboxDefinition {
    private static let kinds = ["folder", "imap", "ews"]
    private static let laterKinds = ["pop3", "graph"]

    static func source(_ reader: ObjectReader) -> Source? {
        guard let source = reader.nested("source", required: true) else { return nil }
        guard let kind = source.word("kind", of: kinds + laterKinds, default: nil) else {
            return nil
        }
        if laterKinds.contains(kind) {
            source.fault(
                "kind", "unsupported",
                "Mailboxes of kind “\(kind)” come with a later version; use folder, imap or ews.")
            return nil
        }
        defer { source.finish() }
        switch kind {
        case "imap": return imap(source).map(Source.imap)
        case "ews": return ews(source).map(Source.ews)
        default:
            guard let path = source.string("path", required: true) else { return nil }
            if let fault = folderFault(path) {
                source.fault("path", "invalid-path", fault)
                return nil
            }
            return .folder(path: path)
        }
    }

    /// The password as it stands, checked where it names a secret.
    private static func password(_ source: ObjectReader) -> String? {
        let password = source.string("password", required: true)
        if let password, password.hasPrefix("secret:"),
            !FullCode.isCode(password.dropFirst("secret:".count))
        {
            source.fault("password", "invalid-code", "Write secret: and the secret's code.")
        }
        return password
    }

    private static func folder(_ source: ObjectReader, default name: String) -> String {
        let folder = source.string("folder") ?? name
        if folder.isEmpty || folder.utf8.count > 1000
            || folder.unicodeScalars.contains(where: AddressSyntax.isControl)
        {
            source.fault("folder", "invalid-path", "Write the folder's name.")
        }
        return folder
    }

    private static func imap(_ source: ObjectReader) -> IMAP? {
        let text = source.string("url", required: true)
        let user = source.string("user", required: true)
        let password = password(source)
        let folder = folder(source, default: "INBOX")
        let tls = source.word("tls", of: ["auto", "never", "try", "required"], default: "auto")
        let auth = source.word(
            "auth", of: ["plain", "login", "cram-md5", "xoauth2", "oauthbearer"],
            default: "plain")
        var isAuthGiven = false
        if let value = source.value("auth"), !value.isNull { isAuthGiven = true }
        guard let text, let user, let password, let tls, let auth else { return nil }
        guard let url = MailServerURL(text, schemes: ["imap", "imaps"]), url.user == nil else {
            source.fault(
                "url", "invalid-url",
                "Write imap://host:port or imaps://host:port; user and password stand apart.")
            return nil
        }
        return IMAP(
            url: url.url, server: url.server, user: user, password: password,
            hasToken: auth == "xoauth2" || auth == "oauthbearer", folder: folder, tls: tls,
            loginOptions: isAuthGiven ? "AUTH=\(auth.uppercased())" : nil)
    }

    private static func ews(_ source: ObjectReader) -> EWS? {
        let text = source.string("url", required: true)
        let user = source.string("user", required: true)
        let password = password(source)
        let folder = folder(source, default: "inbox")
        let mailbox = source.string("mailbox")
        let login = source.word("auth", of: ["ntlm", "basic", "bearer"], default: "ntlm")
        if let mailbox, case .failure(let fault) = AddressSyntax.read(mailbox) {
            source.fault("mailbox", "invalid-address", "The address \(fault.reason).")
        }
        guard let text, let user, let password,
            let login = login.flatMap(EWS.Login.init(rawValue:))
        else { return nil }
        guard let url = try? OutgoingURL(text) else {
            source.fault(
                "url", "invalid-url",
                "Write https://host/EWS/Exchange.asmx; user and password stand apart.")
            return nil
        }
        // A password never goes in the clear over a network.
        guard url.scheme == .https || url.isLoopback else {
            source.fault("url", "invalid-url", "Write https://, so that nobody reads along.")
            return nil
        }
        return EWS(
            url: url.text, server: "\(url.host):\(url.port)", user: user, password: password,
            login: login, folder: folder, mailbox: mailbox)
    }
}

extension OutgoingURL {
    fileprivate var isLoopback: Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1"
    }
}
