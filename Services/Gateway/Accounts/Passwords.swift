import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// Changing one's own password: with the old one, or with a mailed link.
final class Passwords: Sendable {
    /// Links asked for from one address, and for one account, in an hour.
    static let addressLimit = 20
    static let accountLimit = 5

    let policy: PasswordPolicy
    let store: PasswordStore
    private let worker: PasswordWorker
    private let logins: Logins
    private let cache: IdentityCache
    private let mail: Peer
    private let publicURL: String
    private let runtime: Runtime
    private let asked: Quota
    private let share: CopyShare

    init(
        policy: PasswordPolicy, store: PasswordStore, worker: PasswordWorker, logins: Logins,
        cache: IdentityCache, mail: Peer, publicURL: String, runtime: Runtime
    ) {
        self.policy = policy
        self.store = store
        self.worker = worker
        self.logins = logins
        self.cache = cache
        self.mail = mail
        self.publicURL = publicURL
        self.runtime = runtime
        asked = Quota(window: .seconds(3600), clock: runtime.clock)
        share = CopyShare(of: store.database)
    }

    /// By who is logged in. Throws 422 with faults at `/current` and `/password`.
    func change(
        _ identity: Identity, account: Account, current: String, password: String,
        from visit: Visit, by requester: Requester
    ) async throws {
        do {
            _ = try await logins.check(account: account.code, password: current, from: visit)
        } catch let problem as Problem where problem.status == 401 {
            throw Problem.fault("/current", "wrong-password", "This is not the present password.")
        }
        let owner = PasswordStore.Owner(
            id: account.id, code: account.code, email: account.email, language: account.language)
        let hash = try await hash(password, of: owner, visit)
        var session: [UInt8]?
        if case .session(let hash) = identity.credential { session = hash }
        try await store.change(owner, hash: hash, keeping: session, by: requester)
        cache.clear()
    }

    /// Mails a link where there is somebody to mail it to. What is answered, and when, does not
    /// tell; 429 where one address asks too often.
    func forgot(_ text: String, from visit: Visit, by requester: Requester) throws {
        let address = "address:\(visit.network)"
        guard asked.take(address, limit: share(Passwords.addressLimit)) else {
            throw Problem.tooManyRequests("Too many links were asked for.", retryAfter: 3600)
        }
        guard text.utf8.count <= 254,
            asked.take("account:\(text)", limit: share(Passwords.accountLimit))
        else { return }
        Task { [self] in
            do {
                guard let link = try await store.makeLink(for: text, by: requester) else { return }
                try await send(link.secret, to: link.owner)
            } catch {
                runtime.log.warning(
                    "a link for a password was not mailed", ["error": .string("\(error)")])
            }
        }
    }

    /// By who has a link; 410 where it was used or has ended.
    func reset(_ secret: String, password: String, from visit: Visit) async throws {
        guard let owner = try await store.owner(ofLink: secret) else { throw Problem.linkOver }
        let hash = try await hash(password, of: owner, visit)
        let requester = Requester(
            account: owner.code, permissions: [], address: visit.address,
            requestID: visit.requestID)
        guard try await store.use(secret, hash: hash, by: requester) else {
            throw Problem.linkOver
        }
        cache.clear()
    }

    private func hash(_ password: String, of owner: PasswordStore.Owner, _ visit: Visit)
        async throws -> String
    {
        if let fault = policy.fault(password, code: owner.code, email: owner.email) {
            throw Problem.fault("/password", fault.code, fault.detail)
        }
        for former in try await store.hashes(of: owner.id, limit: policy.history) {
            if try await worker.verify(password, against: former, address: visit.network) {
                throw Problem.fault(
                    "/password", "used-before", "Not one of the last \(policy.history).")
            }
        }
        return try await worker.hash(password, address: visit.network)
    }

    private func send(_ secret: String, to owner: PasswordStore.Owner) async throws {
        guard let email = owner.email else { return }
        let texts = PasswordTexts.find(owner.language)
        let link = publicURL + Link("reset", secret).text
        let call = SendMail(
            to: [email], subject: texts.resetSubject,
            text: texts.mail(link, life: store.linkLife.settingText), confidential: true)
        let id = runtime.random.identifier(at: runtime.clock.now())
        _ = try await mail.call(
            call,
            as: CallContext(
                principal: .system, door: .system, cause: Cause(root: "request:\(id)"),
                trace: TraceContext(requestID: id), idempotencyKey: "reset:\(id)"))
    }
}

/// So many of something in a while, by a key.
final class Quota: Sendable {
    /// Keys remembered; beyond it counting begins anew.
    static let keyLimit = 10_000

    private let window: Duration
    private let clock: any WallClock
    private let taken = Mutex<(began: UInt64, counts: [String: Int])>((0, [:]))

    init(window: Duration, clock: any WallClock) {
        self.window = window
        self.clock = clock
    }

    /// False where `limit` is reached.
    func take(_ key: String, limit: Int) -> Bool {
        let now = clock.monotonicNanoseconds()
        return taken.withLock { taken in
            if now &- taken.began > window.nanoseconds || taken.counts.count >= Quota.keyLimit {
                taken = (now, [:])
            }
            let count = taken.counts[key, default: 0]
            guard count < limit else { return false }
            taken.counts[key] = count + 1
            return true
        }
    }
}

extension Problem {
    static let linkOver = Problem(
        status: 410, code: "expired", title: "It is over",
        detail: "This link was used, or its time is over. Ask for another one.")

    static func fault(_ pointer: String, _ code: String, _ detail: String) -> Problem {
        .validation([FieldProblem(pointer: pointer, code: code, detail: detail)])
    }
}
