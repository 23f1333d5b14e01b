/// In which order a client tries the addresses of a name that has several: each connection begins
/// with the next, since the system's resolver always names the same one first, and those that
/// failed a moment ago come last. Confined to a pool's loop.
struct ClientAddresses {
    /// How long one is waited for while others are left.
    static let patience: UInt64 = 1_000_000_000
    /// How long one that failed is tried last.
    static let shunTime: UInt64 = 5_000_000_000

    private var turn: Int
    private var shunned: [(address: SocketAddress, until: UInt64)] = []

    /// `start` is by chance, so that many clients do not begin with the same one.
    init(start: Int) { turn = start }

    mutating func ordered(_ addresses: [SocketAddress], now: UInt64) -> [SocketAddress] {
        guard addresses.count > 1 else { return addresses }
        shunned.removeAll { $0.until <= now }
        let first = turn % addresses.count
        turn = (first + 1) % addresses.count
        let rotated = addresses[first...] + addresses[..<first]
        let isShunned = { [shunned] address in shunned.contains { $0.address == address } }
        return rotated.filter { !isShunned($0) } + rotated.filter(isShunned)
    }

    mutating func failed(_ address: SocketAddress, now: UInt64) {
        shunned.removeAll { $0.address == address }
        shunned.append((address, now + ClientAddresses.shunTime))
    }
}
