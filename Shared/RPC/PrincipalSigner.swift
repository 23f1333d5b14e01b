import ServiceRuntime

/// Signs and checks who calls: base64url(JSON) + "." + base64url(HMAC-SHA-256) with a short life, so that no service
/// believes anybody who only reaches its port.
public final class PrincipalSigner: Sendable {
    /// `key`: 32 bytes or more, the same in every service (`RPC_KEY`).
    public init(key: [UInt8], clock: any WallClock, life: Duration = .seconds(60)) {
        fatalError("stub")
    }
    /// The header's value; kept for the same principal until half its life has passed.
    public func sign(_ principal: Principal) -> String { fatalError("stub") }
    /// Nil where the signature or the time is wrong. Kept by text while it lives.
    public func verify(_ token: String) -> Principal? { fatalError("stub") }
}
