import HTTP
import RPC
import ServiceRuntime
import Synchronization

/// How much an account, an API token and an address may ask: a bucket each, which fills with so
/// many tokens a second. A request takes one, and one more for each 64 KiB of its body. Of several
/// copies of the gateway each has its share of the rates, and fills buckets of its own.
struct RateLimits: Sendable {
    /// Requests a second; 0 is no limit.
    struct Rates: Sendable {
        var account: Int
        var token: Int
        var address: Int
    }

    /// A bucket holds what comes in so many seconds, so that a page with its parts, or a program
    /// that wakes up, is not held up.
    static let burstSeconds = 10
    static let bytesPerToken = 64 << 10
    /// The most that one request costs, as a part of a bucket: none is refused for ever.
    static let largestShare = 4

    private let accounts: BucketTable
    private let tokens: BucketTable
    private let addresses: BucketTable
    private let refused: [Counter]
    private let share: CopyShare
    private let clock: any WallClock

    init(_ rates: Rates, share: CopyShare, runtime: Runtime) {
        self.share = share
        clock = runtime.clock
        accounts = BucketTable(rate: rates.account)
        tokens = BucketTable(rate: rates.token)
        addresses = BucketTable(rate: rates.address)
        refused = ["address", "account", "token"].map { kind in
            runtime.metrics.counter(
                "geartrain_gateway_rate_limited_total",
                help: "Requests refused because there were too many", labels: ["limit": kind])
        }
    }

    /// Before anything else is done for a request; throws 429. `address` is that of the client.
    func take(address: String, for request: Request) throws {
        guard addresses.isOn else { return }
        // An address that cannot be read (a Unix socket, a test) shares a bucket by its text.
        let key = NetworkAddress(address)?.network ?? Array(address.utf8.prefix(64))
        try take(addresses, String(decoding: key, as: UTF8.self), 0, "this address", request)
    }

    /// When it is known who calls; throws 429.
    func take(_ caller: Caller, for request: Request) throws {
        guard let identity = caller.identity else { return }
        if accounts.isOn {
            try take(accounts, identity.principal.account, 1, "this account", request)
        }
        if tokens.isOn, case .token(let id, _) = identity.credential {
            try take(tokens, String(id), 2, "this token", request)
        }
    }

    private func take(
        _ table: BucketTable, _ key: String, _ kind: Int, _ whose: String, _ request: Request
    ) throws {
        let cost = 1 + (request.body.length ?? 0) / RateLimits.bytesPerToken
        let now = clock.monotonicNanoseconds()
        guard let wait = table.take(cost, of: key, at: now, among: share.copies()) else { return }
        refused[kind].increment()
        throw Problem.tooManyRequests(
            "Too many requests of \(whose).", retryAfter: Int(wait / 1_000_000_000) + 1)
    }
}

/// The buckets of one kind of caller.
final class BucketTable: Sendable {
    /// Callers remembered; beyond it those whose bucket is full again are forgotten, and then all.
    static let limit = 50_000
    /// A token in nanotokens.
    private static let token: Int64 = 1_000_000_000

    private struct Bucket {
        /// In nanotokens: with the rate as tokens a second, a nanosecond adds `rate` of them.
        var content: Int64
        var at: UInt64
    }

    let isOn: Bool
    private let rate: Int64
    private let capacity: Int64
    private let buckets = Mutex<[String: Bucket]>([:])

    /// `rate` tokens a second; 0 is no limit.
    init(rate: Int) {
        isOn = rate > 0
        self.rate = Int64(rate)
        capacity = Int64(rate) * Int64(RateLimits.burstSeconds) * BucketTable.token
    }

    /// Takes `cost` tokens, at most a quarter of the bucket. Answers nil, or the nanoseconds until
    /// there are enough; then nothing was taken. Of so many `copies` each has a bucket that is so
    /// many times smaller, and fills so many times slower.
    func take(_ cost: Int, of key: String, at now: UInt64, among copies: Int = 1) -> UInt64? {
        let copies = Int64(max(1, copies))
        let capacity = capacity(among: copies)
        let wanted = min(
            Int64(cost) * BucketTable.token,
            max(BucketTable.token, capacity / Int64(RateLimits.largestShare)))
        return buckets.withLock { buckets in
            var bucket = buckets[key] ?? Bucket(content: capacity, at: now)
            bucket.content = content(of: bucket, at: now, among: copies)
            bucket.at = max(now, bucket.at)
            let lack = wanted - bucket.content
            if lack <= 0 { bucket.content -= wanted }
            if buckets[key] == nil, buckets.count >= BucketTable.limit {
                forget(&buckets, now, among: copies)
            }
            buckets[key] = bucket
            return lack > 0 ? UInt64((lack * copies + rate - 1) / rate) : nil
        }
    }

    /// At least a token, without which nothing could be taken.
    private func capacity(among copies: Int64) -> Int64 {
        max(BucketTable.token, capacity / copies)
    }

    private func content(of bucket: Bucket, at now: UInt64, among copies: Int64) -> Int64 {
        let capacity = capacity(among: copies)
        let passed = Int64(clamping: now > bucket.at ? now - bucket.at : 0)
        let (all, overflow) = passed.multipliedReportingOverflow(by: rate)
        guard !overflow, all / copies < capacity - bucket.content else { return capacity }
        return bucket.content + all / copies
    }

    private func forget(
        _ buckets: inout [String: Bucket], _ now: UInt64, among copies: Int64
    ) {
        let capacity = capacity(among: copies)
        buckets = buckets.filter { content(of: $0.value, at: now, among: copies) < capacity }
        if buckets.count >= BucketTable.limit { buckets = [:] }
    }
}
