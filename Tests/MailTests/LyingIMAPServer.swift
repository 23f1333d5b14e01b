import Synchronization
import TestSupport

/// An IMAP server that lies as it is told to: a folder in memory, on a real socket.
final class LyingIMAPServer: Sendable {
    /// What is not true of what it says. Sets hold UIDs.
    struct Lies: Sendable {
        /// Counted and given, but not listed; so many listings long.
        var hidden: Set<UInt64> = []
        var hiddenListings = Int.max
        /// Listed with another size.
        var sizes: [UInt64: Int] = [:]
        /// Listed, and never given.
        var withheld: Set<UInt64> = []
        /// Given with another UID.
        var renamed: Set<UInt64> = []
        /// Cut off in the middle of its bytes, so many times.
        var cut: Set<UInt64> = []
        var cuts = Int.max
        /// Never answered.
        var silent: Set<UInt64> = []
        /// Announced with very many bytes.
        var huge: [UInt64: Int] = [:]
        /// Answered by what is no IMAP.
        var garbage: Set<UInt64> = []
        /// Given in no order, and some twice with other bytes.
        var isShuffled = false
        var repeats = false
        /// Says much that nobody asked, some of it with bytes.
        var isChatty = false
        /// Another UIDVALIDITY at each session, from this one on.
        var renumbersFrom: Int?
        var next: UInt64?
        var capabilities = "IMAP4rev1 MOVE UIDPLUS IDLE"
        /// Moves nothing.
        var refusesMoves = false
        /// Answers every listing without end.
        var floods = false
    }

    struct State: Sendable {
        var lies = Lies()
        var validity: UInt64 = 7
        var mails: [UInt64: [UInt8]] = [:]
        /// UIDs of mails that are made up as they are asked for.
        var synthetic: ClosedRange<UInt64>?
        var moved: [String: [[UInt8]]] = [:]
        var seen: Set<UInt64> = []
        var deleted: Set<UInt64> = []
        var folders: Set<String> = ["Done"]
        var listings = 0
        var idling = 0
        /// Changes whenever the folder grows.
        var growth = 0
        var commands: [String] = []
    }

    let state: SharedState
    private let server: SocketServer

    final class SharedState: Sendable {
        let mutex = Mutex(State())
        func withLock<T: Sendable>(_ body: (inout sending State) -> sending T) -> T {
            mutex.withLock(body)
        }
    }

    init(_ mails: [UInt64: String] = [:], lies: Lies = Lies()) throws {
        let shared = SharedState()
        shared.withLock { state in
            state.mails = mails.mapValues { Array($0.utf8) }
            state.lies = lies
        }
        state = shared
        server = try SocketServer { LyingIMAPSession($0, shared).run() }
    }

    var port: Int { server.port }
    var connections: Int { server.connections }
    var open: Int { server.open }
    var most: Int { server.most }

    func stop() { server.stop() }
    func dropConnections() { server.dropConnections() }

    /// A mail comes: whoever idles is told.
    func deliver(_ mail: String, uid: UInt64) {
        state.withLock { state in
            state.mails[uid] = Array(mail.utf8)
            state.growth += 1
        }
    }
}

/// One connection.
private final class LyingIMAPSession {
    private let connection: SocketServer.Connection
    private let state: LyingIMAPServer.SharedState
    /// The UIDs as they were when the folder was selected: sequence numbers stand still.
    private var uids: [UInt64] = []
    private var synthetic: ClosedRange<UInt64>?
    private var validity: UInt64 = 0

    init(_ connection: SocketServer.Connection, _ state: LyingIMAPServer.SharedState) {
        self.connection = connection
        self.state = state
    }

    private var lies: LyingIMAPServer.Lies { state.withLock { $0.lies } }

    func run() {
        connection.put("* OK [CAPABILITY \(lies.capabilities) AUTH=PLAIN] ready\r\n")
        while let line = connection.line() {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count >= 2 else { return }
            state.withLock { $0.commands.append(String(line.dropFirst(parts[0].count + 1))) }
            let rest = parts.count > 2 ? parts[2] : ""
            guard handle(parts[0], parts[1].uppercased(), rest) else { return }
        }
    }

    /// False where the connection ends.
    private func handle(_ tag: String, _ word: String, _ rest: String) -> Bool {
        switch word {
        case "CAPABILITY":
            connection.put("* CAPABILITY \(lies.capabilities) AUTH=PLAIN\r\n")
        case "AUTHENTICATE":
            if !rest.contains(" ") {
                connection.put("+ \r\n")
                guard connection.line() != nil else { return false }
            }
        case "SELECT": select()
        case "FETCH":
            guard let number = Int(rest.prefix { $0 != " " }), (1...count).contains(number) else {
                return connection.put("\(tag) BAD no such number\r\n")
            }
            connection.put("* \(number) FETCH (UID \(uid(at: number)))\r\n")
        case "UID":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return false }
            guard handleUID(tag, parts[0].uppercased(), parts[1]) else { return false }
            return true
        case "CREATE": state.withLock { _ = $0.folders.insert(LyingIMAPSession.unquoted(rest)) }
        case "IDLE": return idle(tag)
        case "LOGOUT":
            connection.put("* BYE\r\n\(tag) OK\r\n")
            return false
        default: break
        }
        return connection.put("\(tag) OK done\r\n")
    }

    private static func unquoted(_ text: String) -> String { text.filter { $0 != "\"" } }

    private var count: Int {
        synthetic.map { Int($0.upperBound - $0.lowerBound + 1) } ?? uids.count
    }

    private func uid(at number: Int) -> UInt64 {
        synthetic.map { $0.lowerBound + UInt64(number) - 1 } ?? uids[number - 1]
    }

    private func select() {
        let (next, growth) = state.withLock { state in
            if let from = state.lies.renumbersFrom, connection.number >= from {
                state.validity = 100 + UInt64(connection.number)
            }
            uids = state.mails.keys.sorted()
            synthetic = state.synthetic
            validity = state.validity
            let last = synthetic?.upperBound ?? uids.last ?? 0
            return (state.lies.next ?? last + 1, state.growth)
        }
        known = growth
        connection.put(
            "* \(count) EXISTS\r\n* OK [UIDVALIDITY \(validity)] UIDs\r\n"
                + "* OK [UIDNEXT \(next)] next\r\n")
    }

    private var known = 0

    /// Looks every few milliseconds: this is a thread of a test.
    private func idle(_ tag: String) -> Bool {
        connection.put("+ idling\r\n")
        state.withLock { $0.idling += 1 }
        defer { state.withLock { $0.idling -= 1 } }
        while true {
            let (growth, count) = state.withLock { ($0.growth, $0.mails.count) }
            if growth != known {
                known = growth
                guard connection.put("* \(count) EXISTS\r\n") else { return false }
            }
            switch connection.poll(milliseconds: 5) {
            case .nothing: continue
            case .end: return false
            case .bytes:
                guard connection.line()?.uppercased() == "DONE" else { return false }
                return connection.put("\(tag) OK idled\r\n")
            }
        }
    }

    // MARK: UID commands

    private func handleUID(_ tag: String, _ word: String, _ rest: String) -> Bool {
        let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count >= 1 else { return false }
        switch word {
        case "FETCH":
            let wanted = parts.count > 1 ? parts[1].uppercased() : ""
            let isOpen =
                wanted.contains("BODY.PEEK[]")
                ? give(parts[0], wanted) : list(parts[0], wanted)
            guard isOpen else { return false }
        case "STORE":
            let asked = selected(parts[0])
            let isDeletion = parts[1].contains("Deleted")
            state.withLock { state in
                if isDeletion {
                    state.deleted.formUnion(asked)
                } else {
                    state.seen.formUnion(asked)
                }
            }
        case "MOVE", "COPY":
            guard copy(selected(parts[0]), parts[1], tag) else { return true }
            if word == "MOVE" { remove(selected(parts[0])) }
        case "EXPUNGE": remove(selected(parts[0]).intersection(state.withLock { $0.deleted }))
        default: break
        }
        return connection.put("\(tag) OK done\r\n")
    }

    /// Answers NO where it cannot be done.
    private func copy(_ asked: Set<UInt64>, _ name: String, _ tag: String) -> Bool {
        let folder = LyingIMAPSession.unquoted(name)
        let refusal = state.withLock { state -> String? in
            if state.lies.refusesMoves { return "NO not today" }
            guard state.folders.contains(folder) else { return "NO [TRYCREATE] no folder" }
            state.moved[folder, default: []] += asked.sorted().compactMap { state.mails[$0] }
            return nil
        }
        if let refusal { connection.put("\(tag) \(refusal)\r\n") }
        return refusal == nil
    }

    private func remove(_ asked: Set<UInt64>) {
        state.withLock { state in
            for uid in asked { state.mails[uid] = nil }
        }
        // From the last on, so that the numbers before stand still.
        for (index, uid) in uids.enumerated().reversed() where asked.contains(uid) {
            uids.remove(at: index)
            connection.put("* \(index + 1) EXPUNGE\r\n")
        }
    }

    /// The UIDs of a set that are there.
    private func selected(_ set: String) -> Set<UInt64> {
        var found: Set<UInt64> = []
        for part in set.split(separator: ",") {
            let ends = part.split(separator: ":").map { $0 == "*" ? last : UInt64($0) ?? 0 }
            guard let low = ends.min(), let high = ends.max() else { continue }
            if let synthetic {
                let (from, to) = (max(low, synthetic.lowerBound), min(high, synthetic.upperBound))
                if from <= to { found.formUnion(from...to) }
            } else {
                found.formUnion(uids.filter { (low...high).contains($0) })
            }
        }
        return found
    }

    private var last: UInt64 { synthetic?.upperBound ?? uids.last ?? 0 }

    private func list(_ set: String, _ wanted: String) -> Bool {
        let lies = lies
        // Asking for the last is no listing.
        let listing =
            set == "*"
            ? 0
            : state.withLock { state in
                state.listings += 1
                return state.listings
            }
        var asked = Array(selected(set)).sorted()
        if set != "*", listing <= lies.hiddenListings {
            asked.removeAll(where: lies.hidden.contains)
        }
        if lies.isShuffled { asked.shuffle() }
        if lies.floods, set != "*" {
            while connection.put("* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n* 9 FETCH (FLAGS ())\r\n") {}
            return false
        }
        var text = ""
        let mails = synthetic == nil ? state.withLock { $0.mails } : [:]
        for (index, uid) in asked.enumerated() {
            let size = lies.sizes[uid] ?? mails[uid]?.count ?? 100
            var line = "* \(index + 1) FETCH (UID \(uid)"
            if wanted.contains("SIZE") { line += " RFC822.SIZE \(size)" }
            if wanted.contains("DATE") {
                line += " INTERNALDATE \"22-Nov-2026 10:15:\(10 + uid % 50) +0100\""
            }
            text += line + ")\r\n"
            if lies.repeats { text += line + ")\r\n" }
            if lies.isChatty {
                text +=
                    "* \(index + 1) FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n"
                    + "* 77 FETCH (UID 9999999 RFC822.SIZE 3)\r\n"
            }
        }
        return connection.put(text)
    }

    /// Bytes of mails.
    private func give(_ set: String, _ wanted: String) -> Bool {
        let lies = lies
        var asked = Array(selected(set)).sorted()
        if lies.isShuffled { asked.shuffle() }
        for uid in asked where !lies.withheld.contains(uid) {
            let mail = state.withLock { $0.mails[uid] } ?? []
            if lies.silent.contains(uid) {
                connection.hang()
                return false
            }
            if lies.garbage.contains(uid) {
                return connection.put("* 1 FETCH (((UID \(uid) BODY[] \"\r\nwhat?\n\n")
            }
            if let partial = wanted.firstRange(of: "[]<") {
                let offset = Int(wanted[partial.upperBound...].prefix { $0.isNumber }) ?? 0
                let piece = mail.dropFirst(offset).prefix(1)
                connection.put(
                    "* 1 FETCH (UID \(uid) BODY[]<\(offset)> {\(piece.count)}\r\n")
                connection.put(Array(piece) + Array(")\r\n".utf8))
                continue
            }
            guard put(uid, mail, lies) else { return false }
        }
        return true
    }

    private func put(_ uid: UInt64, _ mail: [UInt8], _ lies: LyingIMAPServer.Lies) -> Bool {
        let name = lies.renamed.contains(uid) ? uid + 1_000_000 : uid
        if lies.isChatty {
            let other = "Subject: nobody asked\r\n\r\n* 1 FETCH (UID \(uid) BODY[] {3}\r\nabc)\r\n"
            connection.put(
                "* 3 FETCH (UID 888888 BODY[] {\(other.utf8.count)}\r\n\(other))\r\n* 5 RECENT\r\n"
                    + "* 3 FETCH (BODY[] {1}\r\nx)\r\n* NO something\r\n")
        }
        connection.put(
            "* 1 FETCH (INTERNALDATE \"22-Nov-2026 10:15:\(10 + uid % 50) +0100\" UID \(name)"
                + " BODY[] {\(lies.huge[uid] ?? mail.count)}\r\n")
        let isCut =
            lies.cut.contains(uid)
            && state.withLock { state in
                state.lies.cuts -= 1
                return state.lies.cuts >= 0
            }
        if isCut {
            connection.put(Array(mail.prefix(mail.count / 2)))
            return false
        }
        if let size = lies.huge[uid] {
            var left = min(size, 200 << 20)
            let piece = [UInt8](repeating: 65, count: 1 << 20)
            while left > 0 {
                guard connection.put(piece) else { return false }
                left -= piece.count
            }
        }
        connection.put(mail + Array(")\r\n".utf8))
        if lies.repeats {
            connection.put("* 1 FETCH (UID \(name) BODY[] {4}\r\nfake)\r\n")
        }
        return true
    }
}
