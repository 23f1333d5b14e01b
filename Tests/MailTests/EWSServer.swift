import Crypto
import Synchronization
import TestSupport
import XML

/// An Exchange Web Services server for tests: folders in memory, Basic, Bearer and NTLM logins
/// that are checked, answers as Microsoft's reference of the operations has them. exchangelib works
/// with it too.
final class EWSServer: Sendable {
    static let password = "secret"
    static let token = "a-token"

    struct Item: Sendable {
        var id: String
        var folder: String
        var mail: [UInt8]
        var isRead = false
        var change = 1
    }

    struct Change: Sendable {
        enum Kind: Sendable { case create, update, delete }
        var kind: Kind
        var id: String
    }

    struct Folder: Sendable {
        var id: String
        var name: String
        var parent: String
        var changes: [Change] = []
    }

    struct Faults: Sendable {
        /// Requests that are answered as busy, by a fault, with or without a time; by one item of
        /// an answer; or by HTTP.
        var busy = 0
        var busyItems = 0
        var unavailable = 0
        var backOff: Int? = 10
        /// Whatever state comes is not taken, so many times.
        var invalidStates = 0
        /// Listed, and gone when asked for; and there, but not to be made into MIME.
        var gone: Set<String> = []
        var unconvertible: Set<String> = []
        /// The connection breaks in the middle of an answer, so many times.
        var breaks = 0
        /// Answers no XML, XML with a document type, or another operation's answer.
        var garbage: String?
    }

    struct State: Sendable {
        var folders: [String: Folder] = [:]
        var items: [String: Item] = [:]
        var lastID = 0
        var faults = Faults()
        var operations: [String] = []
        var users: Set<String> = []
        /// The most changes of one answer.
        var page = 512

        mutating func id(_ prefix: String) -> String {
            lastID += 1
            // As Exchange's: base64, in which case matters.
            return Base64.encode(Array("\(prefix)-\(lastID)-\(prefix)".utf8))
        }

        mutating func add(_ mail: [UInt8], to folder: String) -> String {
            let id = id("item")
            items[id] = Item(id: id, folder: folder, mail: mail)
            folders[folder]?.changes.append(Change(kind: .create, id: id))
            return id
        }

        mutating func move(_ id: String, to folder: String) -> String? {
            guard let item = items.removeValue(forKey: id) else { return nil }
            folders[item.folder]?.changes.append(Change(kind: .delete, id: id))
            let new = add(item.mail, to: folder)
            items[new]?.isRead = item.isRead
            return new
        }
    }

    final class Shared: Sendable {
        let mutex = Mutex(State())
        func withLock<T: Sendable>(_ body: (inout sending State) -> sending T) -> T {
            mutex.withLock(body)
        }
    }

    let state = Shared()
    private let server: SocketServer

    init() throws {
        let shared = state
        shared.withLock { state in
            for (id, name, parent) in [
                ("root", "Root", ""), ("msgfolderroot", "Top of Information Store", "root"),
                ("inbox", "Inbox", "msgfolderroot"), ("sentitems", "Sent Items", "msgfolderroot"),
                ("deleteditems", "Deleted Items", "msgfolderroot"),
            ] {
                state.folders[id] = Folder(id: id, name: name, parent: parent)
            }
        }
        server = try SocketServer { EWSConnection($0, shared).run() }
    }

    var url: String { "http://127.0.0.1:\(server.port)/EWS/Exchange.asmx" }
    var connections: Int { server.connections }
    func stop() { server.stop() }

    @discardableResult func deliver(_ mail: String, to folder: String = "inbox") -> String {
        state.withLock { $0.add(Array(mail.utf8), to: folder) }
    }

    /// The mails of a folder by its name, and whether each was read.
    func mails(in name: String) -> [(mail: String, isRead: Bool)] {
        state.withLock { state in
            let ids = state.folders.values.filter { $0.name == name }.map(\.id)
            return state.items.values.filter { ids.contains($0.folder) }.map {
                (String(decoding: $0.mail, as: UTF8.self), $0.isRead)
            }
        }
    }
}

/// HTTP/1.1 with logins, as far as EWS needs it.
private final class EWSConnection {
    private let connection: SocketServer.Connection
    private let state: EWSServer.Shared
    private var challenge: [UInt8] = []
    /// NTLM logs the connection in.
    private var isKnown = false

    init(_ connection: SocketServer.Connection, _ state: EWSServer.Shared) {
        self.connection = connection
        self.state = state
    }

    func run() {
        while let request = connection.line() {
            var fields: [String: String] = [:]
            while let line = connection.line(), !line.isEmpty {
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { return }
                fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
            }
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            guard let body = connection.bytes(length) else { return }
            guard request.hasPrefix("POST "), let login = login(fields["authorization"] ?? "")
            else {
                let isOpen = answer(
                    401, [],
                    isKnown || request.hasPrefix("POST ")
                        ? ["WWW-Authenticate: NTLM", "WWW-Authenticate: Basic realm=\"ews\""] : [])
                guard isOpen else { return }
                continue
            }
            guard login.isEmpty else {
                guard answer(401, [], ["WWW-Authenticate: NTLM \(login)"]) else { return }
                continue
            }
            guard serve(body) else { return }
        }
    }

    /// Nil where nobody is known, empty where somebody is, else the challenge to send.
    private func login(_ field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return isKnown ? "" : nil }
        switch parts[0] {
        case "Bearer": return parts[1] == EWSServer.token ? "" : nil
        case "Basic":
            let text = Base64.decode(parts[1]).map { String(decoding: $0, as: UTF8.self) } ?? ""
            guard text.hasSuffix(":\(EWSServer.password)") else { return nil }
            state.withLock { _ = $0.users.insert(String(text.prefix { $0 != ":" })) }
            return ""
        case "NTLM":
            guard let message = Base64.decode(parts[1]) else { return nil }
            if NTLM.kind(message) == 1 {
                isKnown = false
                challenge = (0..<8).map { _ in UInt8.random(in: 0...255) }
                return Base64.encode(NTLM.challenge(challenge))
            }
            guard
                let user = NTLM.user(message, challenge: challenge, password: EWSServer.password)
            else { return nil }
            isKnown = true
            state.withLock { _ = $0.users.insert(user) }
            return ""
        default: return nil
        }
    }

    private func answer(_ status: Int, _ body: [UInt8], _ fields: [String] = []) -> Bool {
        var head = "HTTP/1.1 \(status) Answer\r\nContent-Type: text/xml; charset=utf-8\r\n"
        for field in fields { head += field + "\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        return connection.put(Array(head.utf8) + body)
    }

    private func serve(_ body: [UInt8]) -> Bool {
        let response = EWSResponder(state).answer(body)
        if response.breaks {
            _ = connection.put("HTTP/1.1 200 OK\r\nContent-Length: \(response.body.count)\r\n\r\n")
            _ = connection.put(Array(response.body.prefix(response.body.count / 2)))
            return false
        }
        return answer(response.status, response.body)
    }
}
