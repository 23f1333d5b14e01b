import Crypto
import JSON
import ServiceRuntime
import Synchronization

/// Signs and checks who calls: base64url(JSON) + "." + base64url(HMAC-SHA-256) with a short life,
/// so that no service believes anybody who only reaches its port.
public final class PrincipalSigner: Sendable {
    /// Tokens remembered in each direction; at the limit all are forgotten and made again.
    static let cacheLimit = 10_000

    private struct Claim: Codable, JSONReadable, JSONWritable {
        let principal: Principal
        /// Unix time in milliseconds.
        let expires: Int64
    }

    private struct Made {
        let principal: Principal
        let token: String
        let renewal: Int64
    }

    private let key: [UInt8]
    private let clock: any WallClock
    private let life: Duration
    private let made = Mutex<[String: Made]>([:])
    private let believed = Mutex<[String: Claim]>([:])

    /// `key`: 32 bytes or more, the same in every service (`RPC_KEY`).
    public init(key: [UInt8], clock: any WallClock, life: Duration = .seconds(60)) {
        self.key = key
        self.clock = clock
        self.life = life
    }

    /// The header's value; kept for the same principal until half its life has passed.
    public func sign(_ principal: Principal) -> String {
        let now = clock.now()
        let known = made.withLock { $0[principal.account] }
        if let known, known.renewal > now.milliseconds, known.principal == principal {
            return known.token
        }
        let claim = Claim(
            principal: principal, expires: now.advanced(by: life).milliseconds)
        var writer = JSONWriter()
        claim.write(json: &writer)
        let text = Base64.encodeURL(writer.bytes)
        let token = text + "." + Base64.encodeURL(HMAC.sha256(Array(text.utf8), key: key))
        let fresh = Made(
            principal: principal, token: token,
            renewal: now.advanced(by: life / 2).milliseconds)
        made.withLock { made in
            if made.count >= PrincipalSigner.cacheLimit { made.removeAll() }
            made[principal.account] = fresh
        }
        return token
    }

    /// Nil where the signature or the time is wrong. Kept by text while it lives.
    public func verify(_ token: String) -> Principal? {
        let now = clock.now().milliseconds
        if let known = believed.withLock({ $0[token] }) {
            return known.expires > now ? known.principal : nil
        }
        guard let claim = read(token), claim.expires > now else { return nil }
        believed.withLock { believed in
            if believed.count >= PrincipalSigner.cacheLimit {
                believed = believed.filter { $0.value.expires > now }
                if believed.count >= PrincipalSigner.cacheLimit { believed.removeAll() }
            }
            believed[token] = claim
        }
        return claim.principal
    }

    private func read(_ token: String) -> Claim? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let signature = Base64.decodeURL(String(parts[1])),
            constantTimeEqual(signature, HMAC.sha256(Array(parts[0].utf8), key: key)),
            let bytes = Base64.decodeURL(String(parts[0]))
        else { return nil }
        var reader = JSONReader(bytes)
        return try? Claim(json: &reader)
    }
}
