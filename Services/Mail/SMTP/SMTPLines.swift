import Curl
import ServiceRuntime

/// A connection to a server, logged in as an account.
struct SMTPLine: Sendable {
    let connection: CurlConnection
    let extensions: SMTPExtensions
    let account: String
    /// Mails that went over it.
    var mails = 0
    /// Since when it is idle.
    var since = Timestamp(milliseconds: 0)
}

/// The connections to one server, of all accounts there: never more than its cap, idle ones
/// included, and kept for the next mail.
actor SMTPLines {
    struct Limits: Sendable {
        /// Connections at a time.
        var connections = 4
        /// Mails over one connection.
        var mailsPerConnection = 100
        /// An idle connection is closed after this.
        var idle = Duration.seconds(10)
        init() {}
    }

    private static let farewellTime = Duration.seconds(1)

    private let limits: Limits
    private let clock: any WallClock
    /// Idle, in use or being opened.
    private var places = 0
    private var idle: [SMTPLine] = []
    private var waiting: [(account: String, resume: CheckedContinuation<SMTPLine?, Never>)] = []
    private var isClosed = false
    private var isSweeping = false

    init(limits: Limits, clock: any WallClock) {
        self.limits = limits
        self.clock = clock
    }

    /// A kept line, or nil: then the caller has the place for a new one. Waits where the server has
    /// as many as it may. What was taken, be it the place, is given back.
    func take(for account: String) async -> SMTPLine? {
        if let index = idle.lastIndex(where: { $0.account == account }) {
            return idle.remove(at: index)
        }
        if places < limits.connections {
            places += 1
            return nil
        }
        if !idle.isEmpty {
            // Another account's place.
            await SMTPLines.farewell(idle.removeFirst())
            return nil
        }
        return await withCheckedContinuation { waiting.append((account, $0)) }
    }

    /// A line that can carry another mail; nil where it is gone, or could not be opened.
    func giveBack(_ line: SMTPLine?) async {
        var kept = line
        if let line, isClosed || line.mails >= limits.mailsPerConnection {
            kept = nil
            await SMTPLines.farewell(line)
        }
        if !waiting.isEmpty {
            let next = waiting.removeFirst()
            if let line = kept, line.account != next.account {
                await SMTPLines.farewell(line)
                kept = nil
            }
            return next.resume.resume(returning: kept)
        }
        guard var line = kept else {
            places -= 1
            return
        }
        line.since = clock.now()
        idle.append(line)
        if !isSweeping { sweep() }
    }

    func close() async {
        isClosed = true
        let lines = idle
        idle.removeAll()
        places -= lines.count
        for line in lines { await SMTPLines.farewell(line) }
    }

    /// One task as long as lines are idle.
    private func sweep() {
        isSweeping = true
        Task {
            while !idle.isEmpty, !isClosed {
                try? await clock.sleep(for: limits.idle)
                await closeIdle()
            }
            isSweeping = false
        }
    }

    private func closeIdle() async {
        let now = clock.now()
        let old = idle.filter { $0.since.advanced(by: limits.idle) <= now }
        idle.removeAll { $0.since.advanced(by: limits.idle) <= now }
        places -= old.count
        for line in old { await SMTPLines.farewell(line) }
    }

    private static func farewell(_ line: SMTPLine) async {
        // With its answer the server has let go of the connection.
        try? await line.connection.send(Array("QUIT\r\n".utf8), timeout: farewellTime)
        _ = try? await line.connection.receive(limit: 4096, timeout: farewellTime)
        await line.connection.close()
    }
}
