import CLinux
import Glibc
import Synchronization

/// Ports of the loopback address for programs that must be told one.
public enum FreePort {
    /// `count` ports that nobody listens on, below the range that the kernel gives to clients, so
    /// that an outgoing connection cannot take one before its program starts. None is given, nor
    /// even tried, twice: a program that was killed finds its port free when it starts again.
    public static func take(_ count: Int) -> [Int] {
        var ports: [Int] = []
        var holders: [Int32] = []
        defer { for holder in holders { close(holder) } }
        while ports.count < count {
            let port = Int.random(in: 12_000..<32_000)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            guard let holder = bound(to: port) else { continue }
            holders.append(holder)
            ports.append(port)
        }
        return ports
    }

    private static let given = Mutex<Set<Int>>([])

    /// One such port.
    public static func take() -> Int { take(1)[0] }

    private static func bound(to port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
