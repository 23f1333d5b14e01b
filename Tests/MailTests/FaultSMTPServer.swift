import Crypto
import Glibc
import Synchronization

/// An SMTP server that does what the recipient's local part says, on a loopback port, with a thread
/// for each connection.
///
/// `perm` 550 · `temp` 451 · `grey` 450 the first time · `shut` 421 and closes · `nodata` 452
/// at DATA · `dropdata` resets within the content · `reject` 554 after the dot · `resetbefore`
/// resets after the dot, mail not kept · `resetafter` resets after the dot, mail kept · `silent`
/// never answers the dot · `garbage` answers the dot with no SMTP · `slow` takes its time with each
/// answer · `partial` takes the dot and resets within its answer. With `once-` in front only the
/// first time. What stands behind a `+` in the local part tells mails apart.
final class FaultSMTPServer: Sendable {
    struct Mail: Sendable {
        var sender: String
        var recipients: [String]
        /// Without the doubled dots.
        var content: String
    }

    struct State: Sendable {
        var mails: [Mail] = []
        var connections = 0
        var commands: [String] = []
        var greyed: Set<String> = []
        var isClosed = false
        /// What was logged in with, as `mechanism user secret`.
        var logins: [String] = []
        /// Connections now, and the most at a time.
        var open = 0
        var mostOpen = 0
    }

    let port: Int
    let state = Mutex(State())
    private let listener: Int32
    private let extensions: [String]

    init(extensions: [String] = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"]) throws {
        self.extensions = extensions
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard result else { throw NoSocket() }
        port = Int(in_port_t(bigEndian: address.sin_port))
        inThread { server in
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                guard let server = server(), !server.state.withLock({ $0.isClosed }) else {
                    close(client)
                    return
                }
                server.state.withLock {
                    $0.connections += 1
                    $0.open += 1
                    $0.mostOpen = max($0.mostOpen, $0.open)
                }
                server.inThread { server in
                    if let server = server() { Session(server, client).run() }
                    close(client)
                }
            }
        }
    }

    struct NoSocket: Error {}

    var mails: [Mail] { state.withLock(\.mails) }

    /// Nobody gets in any more.
    func stop() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// The mails kept whose subject holds `text`.
    func mails(about text: String) -> [Mail] {
        mails.filter { $0.content.contains("Subject: \(text)") }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private func inThread(
        _ body: @escaping @Sendable (@Sendable () -> FaultSMTPServer?) -> Void
    ) {
        let weak = Weak(self)
        let context = Unmanaged.passRetained(Body { body { weak.server } })
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        pthread_detach(thread)
    }

    private final class Weak: Sendable {
        private let held: Mutex<WeakServer>
        init(_ server: FaultSMTPServer) { held = Mutex(WeakServer(server: server)) }
        var server: FaultSMTPServer? { held.withLock { $0.server } }
    }

    private struct WeakServer { weak var server: FaultSMTPServer? }

    /// One connection.
    private final class Session {
        private let server: FaultSMTPServer
        private let client: Int32
        private var pending: [UInt8] = []
        private var sender = ""
        private var recipients: [String] = []
        private var modes: Set<String> = []
        private var hasLeft = false

        init(_ server: FaultSMTPServer, _ client: Int32) {
            self.server = server
            self.client = client
        }

        func run() {
            defer { leave() }
            put("220 fault ESMTP")
            while let line = line() {
                server.state.withLock { $0.commands.append(line) }
                guard handle(line) else { return }
            }
        }

        /// The connection counts no more.
        private func leave() {
            guard !hasLeft else { return }
            hasLeft = true
            server.state.withLock { $0.open -= 1 }
        }

        /// False where the connection ends.
        private func handle(_ line: String) -> Bool {
            let word = line.prefix { $0 != " " && $0 != ":" }.uppercased()
            switch word {
            case "EHLO":
                let lines = ["fault"] + server.extensions
                for (index, text) in lines.enumerated() {
                    put("250\(index < lines.count - 1 ? "-" : " ")\(text)")
                }
            case "MAIL":
                sender = address(line)
                recipients = []
                modes = []
                put("250 2.1.0 ok")
            case "RCPT": return recipient(address(line))
            case "DATA": return data()
            case "AUTH": return login(line.split(separator: " ").map(String.init))
            case "RSET", "NOOP": put("250 ok")
            case "QUIT":
                leave()
                put("221 bye")
                return false
            default: put("502 5.5.2 what")
            }
            return true
        }

        private func address(_ line: String) -> String {
            guard let open = line.firstIndex(of: "<"), let close = line.firstIndex(of: ">") else {
                return ""
            }
            return String(line[line.index(after: open)..<close])
        }

        /// Whoever has the password `secret` or the token `token` gets in.
        private func login(_ words: [String]) -> Bool {
            let mechanism = words.count > 1 ? words[1].uppercased() : ""
            func decoded(_ text: String?) -> String {
                String(decoding: text.flatMap { Base64.decode($0) } ?? [], as: UTF8.self)
            }
            func asked(_ prompt: String) -> String {
                put("334 " + Base64.encode(Array(prompt.utf8)))
                return decoded(line())
            }
            let initial = words.count > 2 ? decoded(words[2]) : nil
            var (user, secret) = ("", "")
            switch mechanism {
            case "PLAIN":
                let parts = (initial ?? asked("")).split(
                    separator: "\0", omittingEmptySubsequences: false)
                if parts.count == 3 { (user, secret) = (String(parts[1]), String(parts[2])) }
            case "LOGIN":
                user = initial ?? asked("Username:")
                secret = asked("Password:")
            case "XOAUTH2":
                let parts = (initial ?? asked("")).split(separator: "\u{1}")
                if parts.count == 2 {
                    user = String(parts[0].dropFirst("user=".count))
                    secret = String(parts[1].dropFirst("auth=Bearer ".count))
                }
            default: put("504 5.5.4 what")
            }
            let isRight = secret == (mechanism == "XOAUTH2" ? "token" : "secret")
            let login = "\(mechanism) \(user) \(secret)"
            server.state.withLock { $0.logins.append(login) }
            put(isRight ? "235 2.7.0 welcome" : "535 5.7.8 no")
            return true
        }

        private func recipient(_ address: String) -> Bool {
            var mode = String(address.prefix { $0 != "@" && $0 != "+" })
            if mode.hasPrefix("once-") {
                let isFirst = server.state.withLock { $0.greyed.insert(address).inserted }
                mode = isFirst ? String(mode.dropFirst(5)) : "fine"
            }
            if mode == "slow" { usleep(Session.slowness) }
            switch mode {
            case "perm": put("550 5.1.1 no such user")
            case "temp": put("451 4.3.0 try later")
            case "shut":
                put("421 4.3.2 closing")
                return false
            case "grey" where server.state.withLock({ $0.greyed.insert(address).inserted }):
                put("450 4.2.0 greylisted")
            default:
                recipients.append(address)
                modes.insert(mode)
                put("250 2.1.5 ok")
            }
            return true
        }

        private func data() -> Bool {
            guard !recipients.isEmpty else {
                put("554 5.5.1 no valid recipients")
                return true
            }
            if modes.contains("nodata") {
                put("452 4.3.1 full")
                return true
            }
            put("354 go")
            // At once: while a line is read here, the whole mail and its dot may be under way.
            if modes.contains("dropdata") { return reset() }
            var content = ""
            while true {
                // Who breaks off before the final dot has sent nothing.
                guard let line = line() else { return false }
                if line == "." { break }
                content += (line.hasPrefix(".") ? line.dropFirst() : line[...]) + "\r\n"
            }
            if modes.contains("resetbefore") { return reset() }
            if modes.contains("reject") {
                put("554 5.7.1 spam")
                return true
            }
            let mail = Mail(sender: sender, recipients: recipients, content: content)
            server.state.withLock { $0.mails.append(mail) }
            if modes.contains("resetafter") { return reset() }
            if modes.contains("silent") {
                while line() != nil {}
                return false
            }
            if modes.contains("slow") { usleep(Session.slowness) }
            if modes.contains("partial") {
                put("250-2.0.0 que")
                return reset()
            }
            put(modes.contains("garbage") ? "hello there" : "250 2.0.0 queued")
            return true
        }

        /// Microseconds.
        private static let slowness: UInt32 = 100_000

        /// Closes with RST, as a server that crashed does.
        private func reset() -> Bool {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                client, SOL_SOCKET, SO_LINGER, &linger,
                socklen_t(MemoryLayout<Glibc.linger>.size))
            return false
        }

        private func put(_ text: String) {
            let bytes = Array((text + "\r\n").utf8)
            bytes.withUnsafeBytes {
                _ = send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }

        private func line() -> String? {
            while true {
                if let end = pending.firstIndex(of: 10) {
                    let line = pending[..<end]
                    pending.removeSubrange(...end)
                    return String(
                        decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
                }
                var buffer = [UInt8](repeating: 0, count: 65536)
                let count = read(client, &buffer, buffer.count)
                guard count > 0 else { return nil }
                pending += buffer[..<count]
            }
        }
    }
}
