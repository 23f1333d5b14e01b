import ServiceRuntime
import Synchronization

/// The one way by which the platform calls HTTP servers outside. It looks the host's name up
/// itself, refuses the call where any of its addresses is not open (`OutgoingPolicy`), and connects
/// to an address that it checked, never to what the name means a moment later. Each redirect is a
/// new call in this. No proxy, no cookie, no compression; certificates are always checked.
public final class OutgoingHTTP: Sendable {
    /// Calls at once; more are refused as `busy`.
    public static let concurrencyLimit = 256
    /// Redirects of a call.
    public static let redirectLimit = 5
    /// The most bytes of an answer.
    public static let responseLimit = 10 << 20
    static let resolveTimeout = Duration.seconds(10)
    static let connectTimeout = Duration.seconds(10)
    /// Addresses of a host that are tried, best first.
    static let addressLimit = 4

    private let configuration: OutgoingConfiguration
    private let resolver: any HostResolver
    private let clock: any WallClock
    private let client: CurlHTTP
    private let running = Atomic<Int>(0)
    private let gauge: Gauge

    public init(
        configuration: OutgoingConfiguration, runtime: Runtime, resolver: (any HostResolver)? = nil
    ) throws {
        self.configuration = configuration
        self.resolver = resolver ?? SystemResolver(clock: runtime.clock)
        clock = runtime.clock
        client = try CurlHTTP()
        gauge = runtime.metrics.gauge(
            "geartrain_outgoing_calls", help: "Calls to the outside under way.")
    }

    /// Sends and answers whatever the server answers, of any status. Throws only `OutgoingError`.
    public func send(_ request: OutgoingRequest) async throws -> OutgoingResponse {
        try request.check()
        var hop = try OutgoingHop(request)
        let count = running.wrappingAdd(1, ordering: .relaxed).newValue
        gauge.add(1)
        defer {
            running.wrappingSubtract(1, ordering: .relaxed)
            gauge.add(-1)
        }
        guard count <= OutgoingHTTP.concurrencyLimit else {
            throw OutgoingError.busy(limit: OutgoingHTTP.concurrencyLimit)
        }
        let whole = min(request.timeout ?? configuration.timeout, configuration.timeout)
        let deadline = clock.monotonicNanoseconds() + whole.nanoseconds
        let limit = min(
            request.responseLimit ?? OutgoingHTTP.responseLimit, OutgoingHTTP.responseLimit)
        for _ in 0...OutgoingHTTP.redirectLimit {
            let answer = try await exchange(hop, deadline: deadline, limit: limit)
            guard request.followsRedirects, let next = try hop.following(answer) else {
                return try OutgoingHTTP.plain(answer, hop)
            }
            hop = next
        }
        throw OutgoingError.forbidden(
            "there are more than \(OutgoingHTTP.redirectLimit) redirects, the last to"
                + " \(hop.url.host)")
    }

    /// Ends every call as `interrupted`.
    public func close() { client.close() }

    // MARK: One exchange

    private func exchange(
        _ hop: OutgoingHop, deadline: UInt64, limit: Int
    ) async throws -> OutgoingResponse {
        let addresses = try await checked(hop.url, deadline: deadline)
        var failure = OutgoingError.unknownHost(hop.url.host)
        for address in addresses.prefix(OutgoingHTTP.addressLimit) {
            do {
                let request = CurlHTTP.Request(
                    method: hop.method, peer: address, port: hop.url.port, url: hop.url.text,
                    headers: hop.headers.map { ($0.name, $0.value) }, body: hop.body,
                    timeout: try remaining(deadline, hop.url.host),
                    connectTimeout: OutgoingHTTP.connectTimeout, responseLimit: limit,
                    authorities: configuration.authorities)
                let answer = try await client.send(request)
                return OutgoingResponse(
                    status: answer.status, headers: answer.headers, body: answer.body)
            } catch let error as CurlError {
                failure = OutgoingError(error, host: hop.url.host)
                let isUnsent = error.isBeforeSending
                guard isUnsent, error.kind == .connection || error.kind == .timeout else {
                    throw failure
                }
            }
        }
        throw failure
    }

    /// The addresses of the host, every one of them open.
    private func checked(_ url: OutgoingURL, deadline: UInt64) async throws -> [NetworkAddress] {
        var addresses = url.address.map { [$0] } ?? []
        if addresses.isEmpty {
            let timeout = min(OutgoingHTTP.resolveTimeout, try remaining(deadline, url.host))
            addresses = try await resolver.addresses(of: url.host, timeout: timeout)
        }
        // One that is not open is enough: who mixes them tries which of them is taken.
        guard !addresses.isEmpty,
            addresses.allSatisfy({ configuration.policy.isOpen($0, port: url.port) })
        else {
            throw OutgoingError.forbidden(
                "the host \(url.host) or its port \(url.port) is not open to outgoing calls; the"
                    + " operator opens networks with OUTGOING_ALLOWED_NETWORKS")
        }
        return addresses
    }

    private func remaining(_ deadline: UInt64, _ host: String) throws(OutgoingError) -> Duration {
        let now = clock.monotonicNanoseconds()
        guard now < deadline else { throw .timeout("\(host) did not answer in time") }
        return .nanoseconds(deadline - now)
    }

    /// Nothing was asked for that would have to be unpacked, so that nothing small becomes large.
    private static func plain(
        _ answer: OutgoingResponse, _ hop: OutgoingHop
    ) throws(OutgoingError) -> OutgoingResponse {
        let coding = answer.header("Content-Encoding")?.lowercased() ?? ""
        guard coding.isEmpty || coding == "identity" || answer.body.isEmpty else {
            throw .unfit("\(hop.url.host) answers in a compressed form, which was not asked for")
        }
        return answer
    }
}
