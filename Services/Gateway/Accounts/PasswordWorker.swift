import Crypto
import HTTP
import ServiceRuntime
import Synchronization

/// Hashes and checks passwords on a thread of its own, so that scrypt holds up no request. The
/// queue is bounded, as a whole and by address, so that a flood of log-ins from one place leaves
/// room for the others.
final class PasswordWorker: Sendable {
    /// At about 50 ms each, the last one waits some three seconds.
    static let queueLimit = 64
    static let addressLimit = 8

    private let thread = ThreadExecutor(name: "scrypt")
    private let random: any RandomSource
    private let waiting = Mutex<(total: Int, byAddress: [String: Int])>((0, [:]))
    private let dummy = Mutex<String?>(nil)

    init(random: any RandomSource, metrics: Metrics) {
        self.random = random
        metrics.gauge(
            "geartrain_gateway_password_queue_depth", help: "Passwords waiting to be hashed"
        ) { [weak self] in Double(self?.depth ?? 0) }
    }

    private var depth: Int { waiting.withLock { $0.total } }

    /// Compares; without a hash (no such account, or one without a password) it takes as long and
    /// answers false.
    func verify(_ password: String, against hash: String?, address: String) async throws -> Bool {
        try await queued(address) { [self] in
            if let hash { return PasswordHash.verify(password, against: hash) }
            _ = PasswordHash.verify(password, against: try dummyHash())
            return false
        }
    }

    /// The hash to store. `address` is whose share of the queue it takes.
    func hash(_ password: String, address: String) async throws -> String {
        try await queued(address) { [random] in try PasswordHash.make(password, random: random) }
    }

    func stop() { thread.stop() }

    private func queued<T: Sendable>(
        _ address: String, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        let hasRoom = waiting.withLock { waiting in
            guard waiting.total < PasswordWorker.queueLimit,
                waiting.byAddress[address, default: 0] < PasswordWorker.addressLimit
            else { return false }
            waiting.total += 1
            waiting.byAddress[address, default: 0] += 1
            return true
        }
        guard hasRoom else {
            throw Problem.tooManyRequests("Too many passwords are being checked.", retryAfter: 2)
        }
        defer {
            waiting.withLock { waiting in
                waiting.total -= 1
                let left = waiting.byAddress[address, default: 1] - 1
                waiting.byAddress[address] = left > 0 ? left : nil
            }
        }
        return try await thread.run(body)
    }

    private func dummyHash() throws -> String {
        try dummy.withLock { dummy in
            if let dummy { return dummy }
            let made = try PasswordHash.make(random.token(), random: random)
            dummy = made
            return made
        }
    }
}

extension Problem {
    static func tooManyRequests(_ detail: String, retryAfter: Int) -> Problem {
        Problem(
            status: 429, code: "too-many-requests", title: "Too many requests", detail: detail,
            retryAfter: retryAfter)
    }
}
