import Glibc
import ServiceRuntime

/// What the five services in one process need not be told: ports of their own, a key that only this
/// data folder has, the sample model. Each is put into the environment before any service reads it.
enum Surroundings {
    /// Whether the bundled sample is what is applied at first start.
    nonisolated(unsafe) private(set) static var hasSampleModel = false

    private static let inner = ["RECORDS", "MAIL", "WORKFLOW", "BATCH"]

    /// Call it before the first thread.
    static func complete() {
        if value("RPC_KEY") == nil, value("RPC_KEY_FILE") == nil {
            setenv("RPC_KEY", key(), 1)
        }
        let ports = Surroundings.freePorts(inner.count + 1)
        for (service, port) in zip(inner, ports) {
            if value("\(service)_PORT") == nil { setenv("\(service)_PORT", String(port), 1) }
            let port = value("\(service)_PORT") ?? ""
            if value("\(service)_URL") == nil {
                setenv("\(service)_URL", "http://127.0.0.1:\(port)", 1)
            }
        }
        if value("GATEWAY_PORT") == "0", let port = ports.last {
            setenv("GATEWAY_PORT", String(port), 1)
        }
        if value("GEARTRAIN_MODELS") == nil, let path = sampleModel() {
            setenv("GEARTRAIN_MODELS", path, 1)
            hasSampleModel = true
        }
    }

    /// The same at each start, since secrets of definitions are sealed under it: kept in the data
    /// folder from the first on, for this user alone.
    private static func key() -> String {
        let folder = value("GEARTRAIN_DATA") ?? "data"
        if let bytes = try? Files.read("\(folder)/rpc-key") {
            return String(decoding: bytes, as: UTF8.self)
        }
        let key = SystemRandom().token(32)
        // A command that is not a start makes nothing.
        guard CommandLine.arguments.count == 1 else { return key }
        let mask = umask(0o077)
        defer { umask(mask) }
        do {
            try Files.makeFolder(folder)
            try Files.writeDurably(Array(key.utf8), to: "\(folder)/rpc-key")
        } catch {
            // What would be sealed under a key that is not kept could never be opened again.
            let words = "geartrain: \(folder)/rpc-key cannot be kept: \(error)\n"
            _ = words.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(1)
        }
        return key
    }

    private static func value(_ name: String) -> String? {
        guard let text = getenv(name), text.pointee != 0 else { return nil }
        return String(cString: text)
    }

    /// The sample, looked for beside the program (as installed) and in the folders above it (as
    /// built).
    private static func sampleModel() -> String? {
        var folder = executableFolder()
        let installed = folder + "/models/helpdesk.json"
        if Files.exists(installed) { return installed }
        while !folder.isEmpty {
            let path = folder + "/compose/models/helpdesk.json"
            if Files.exists(path) { return path }
            folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        }
        return nil
    }

    private static func executableFolder() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let path = String(decoding: bytes, as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Ports of the loopback address that nobody listens on. They are all held at once, so that
    /// they differ, and let go before the services bind them.
    private static func freePorts(_ count: Int) -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return (0..<count).compactMap { _ in
            let descriptor = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
                }
            }
            return result == 0 ? Int(in_port_t(bigEndian: address.sin_port)) : nil
        }
    }
}
