import CLinux
import Glibc
import ServiceRuntime

/// An IPv4 or IPv6 address with its port, as the system calls take it.
struct SocketAddress: Sendable, Equatable {
    private let storage: sockaddr_storage
    private let length: socklen_t

    private init(_ info: addrinfo) {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { target in
            target.copyMemory(
                from: UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
        }
        self.storage = storage
        length = info.ai_addrlen
    }

    /// The addresses of a host, at least one. It may ask a name server and block; `isNumeric`
    /// allows only an address.
    static func resolve(_ host: String, _ port: Int, isNumeric: Bool) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = Int32(AI_NUMERICSERV) | (isNumeric ? Int32(AI_NUMERICHOST) : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw AddressError(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next?.pointee {
            addresses.append(SocketAddress(info))
            next = info.ai_next
        }
        return addresses
    }

    /// A non-blocking socket of this address's family.
    func makeSocket() throws -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let file = socket(Int32(storage.ss_family), kind, 0)
        guard file >= 0 else { throw SystemError("socket") }
        return file
    }

    func bind(_ file: Int32) throws {
        let code = withPointer { Glibc.bind(file, $0, length) }
        guard code == 0 else { throw SystemError("bind") }
    }

    /// Begins to connect; the socket is writable when it is done.
    func connect(_ file: Int32) throws {
        let code = withPointer { Glibc.connect(file, $0, length) }
        guard code == 0 || errno == EINPROGRESS else { throw SystemError("connect") }
    }

    static func == (one: SocketAddress, other: SocketAddress) -> Bool {
        withUnsafeBytes(of: one.storage) { left in
            withUnsafeBytes(of: other.storage) { right in left.elementsEqual(right) }
        }
    }

    private func withPointer<T>(_ body: (UnsafePointer<sockaddr>) -> T) -> T {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }

    /// The port that a bound socket has.
    static func port(of file: Int32) throws -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(file, $0, &length) }
        }
        guard code == 0 else { throw SystemError("getsockname") }
        // The port stands at the same place in both families.
        return withUnsafeBytes(of: storage) { Int($0[2]) << 8 | Int($0[3]) }
    }

    /// The address without the port, as text.
    static func text(of storage: sockaddr_storage) -> String {
        let isV6 = Int32(storage.ss_family) == AF_INET6
        return withUnsafeBytes(of: storage) { bytes in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
                guard let start = bytes.baseAddress, let target = text.baseAddress,
                    inet_ntop(
                        Int32(storage.ss_family), start + (isV6 ? 8 : 4), target,
                        socklen_t(text.count)) != nil
                else { return "unknown" }
                return String(cString: target)
            }
        }
    }
}

/// A host that has no address.
struct AddressError: Error, CustomStringConvertible {
    let host: String
    let reason: String
    var description: String { "no address for \(host): \(reason)" }
}

/// Sets an option of a socket that is a number.
func setOption(_ file: Int32, _ level: Int32, _ option: Int32, _ value: Int32 = 1) {
    var value = value
    setsockopt(file, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}
