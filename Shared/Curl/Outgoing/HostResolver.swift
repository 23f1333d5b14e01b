import CLinux
import Glibc
import ServiceRuntime
import Synchronization

/// From a host's name to its addresses, best first.
public protocol HostResolver: Sendable {
    /// Not empty; throws `OutgoingError`. `timeout` bounds the wait.
    func addresses(of host: String, timeout: Duration) async throws -> [NetworkAddress]
}

/// The system's resolver (`getaddrinfo`), which cannot be stopped: each look-up has a thread of its
/// own, and a bounded number may be under way.
public final class SystemResolver: HostResolver {
    /// Look-ups at once, those that nobody waits for any more among them.
    public static let lookupLimit = 32

    /// `SOCK_STREAM`, whose Swift type belongs to whichever module was read first.
    private static let stream: Int32 = 1

    private let clock: any WallClock
    private let running = Atomic<Int>(0)

    public init(clock: any WallClock) { self.clock = clock }

    public func addresses(of host: String, timeout: Duration) async throws -> [NetworkAddress] {
        let count = running.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= SystemResolver.lookupLimit else {
            running.wrappingSubtract(1, ordering: .relaxed)
            throw OutgoingError.busy(limit: SystemResolver.lookupLimit)
        }
        let answer = Answer()
        let thread = ThreadExecutor(name: "resolve")
        Task.detached { [self] in
            let found = try? await thread.run { try SystemResolver.look(up: host) }
            thread.stop()
            running.wrappingSubtract(1, ordering: .relaxed)
            answer.give(found.map { .success($0) } ?? .failure(.unknownHost(host)))
        }
        let timer = Task.detached { [clock] in
            guard (try? await clock.sleep(for: timeout)) != nil else { return }
            answer.give(.failure(.timeout("the address of \(host) was not found in time")))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answer.wait($0) }
        } onCancel: {
            answer.give(.failure(.interrupted))
        }
    }

    private static func look(up host: String) throws -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        // Else each address comes once for each kind of socket.
        hints.ai_socktype = SystemResolver.stream
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else {
            throw OutgoingError.unknownHost(host)
        }
        defer { freeaddrinfo(list) }
        var found: [NetworkAddress] = []
        var next = list
        while let item = next {
            if let address = NetworkAddress(item.pointee.ai_addr), !found.contains(address) {
                found.append(address)
            }
            next = item.pointee.ai_next
        }
        guard !found.isEmpty else { throw OutgoingError.unknownHost(host) }
        return found
    }
}

/// The first answer counts.
private final class Answer: Sendable {
    typealias Outcome = Result<[NetworkAddress], OutgoingError>

    private enum State {
        case open
        case waiting(CheckedContinuation<[NetworkAddress], any Error>)
        case given(Outcome)
    }

    private let state = Mutex(State.open)

    func wait(_ continuation: CheckedContinuation<[NetworkAddress], any Error>) {
        let given = state.withLock { state -> Outcome? in
            if case .given(let outcome) = state { return outcome }
            state = .waiting(continuation)
            return nil
        }
        if let given { continuation.resume(with: given.mapError { $0 as any Error }) }
    }

    func give(_ outcome: Outcome) {
        let waiting = state.withLock { state -> CheckedContinuation<[NetworkAddress], any Error>? in
            defer { if case .given = state {} else { state = .given(outcome) } }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(with: outcome.mapError { $0 as any Error })
    }
}

extension NetworkAddress {
    fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>?) {
        guard let address else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = Int(geartrain_address_bytes(address, &bytes, nil))
        self.init(bytes: Array(bytes.prefix(count)))
    }
}
