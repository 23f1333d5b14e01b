import CLinux
import Glibc

/// A blocking socket to a server of lines (SMTP, IMAP), for tests that must talk themselves.
public final class LineClient {
    private let descriptor: Int32
    private var pending: [UInt8] = []

    /// Connects to the loopback address; nil where nobody listens. Reads give up after `seconds`.
    public init?(port: Int, seconds: Int = 10) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        geartrain_receive_timeout(descriptor, Int32(seconds))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // `deinit` closes it: an initializer that fails after all is set runs that too.
        guard result == 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// The next line without its end; nil at the end of the stream or when time is up.
    public func line() -> String? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let line = pending[..<end]
                pending.removeSubrange(...end)
                return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            pending += buffer[..<count]
        }
    }

    /// Sends bytes as they are.
    public func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Whether a server on `port` says something first.
    public static func greets(port: Int) -> Bool {
        LineClient(port: port, seconds: 2)?.line() != nil
    }

    /// Hands a mail to an SMTP server as any mail program would; answers the last reply.
    public static func mail(
        _ message: String, from: String, to: String, port: Int
    ) -> String? {
        guard let client = LineClient(port: port), client.line() != nil else { return nil }
        for command in ["HELO client.test", "MAIL FROM:<\(from)>", "RCPT TO:<\(to)>", "DATA"] {
            client.send(command + "\r\n")
            guard let reply = client.line(), "23".contains(reply.first ?? "5") else { return nil }
        }
        client.send(message + (message.hasSuffix("\r\n") ? "" : "\r\n") + ".\r\n")
        let reply = client.line()
        client.send("QUIT\r\n")
        return reply
    }
}
