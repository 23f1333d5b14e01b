import CCurl
import CLinux
import Glibc
import ServiceRuntime
import Synchronization

/// One transfer to or from another machine, on the caller's thread. It connects to addresses that
/// the policy opens, whatever the name resolves to, and no proxy stands in between.
final class RemoteTransfer: @unchecked Sendable {
    /// A transfer that moves fewer bytes than this in `stallSeconds` has stalled.
    private static let stallBytes = 1
    private static let stallSeconds = 60
    private static let connectMilliseconds = 15_000
    /// However steadily a server sends.
    private static let longestSeconds = 3600
    private static let useTLS = 3

    let handle: EasyHandle
    private let policy: OutgoingPolicy
    private var lists: [UnsafeMutablePointer<curl_slist>?] = []
    /// Where to and how much; a descriptor, or memory where it is negative.
    private var target: Int32 = -1
    private var source: Int32 = -1
    private var limit = Int64.max
    private(set) var received: Int64 = 0
    private(set) var bytes: [UInt8] = []
    private var failure: (any Error)?
    private var isRefused = false
    let isCancelled = Atomic(false)

    init(_ url: String, place: RemotePlace, policy: OutgoingPolicy, authorities: String?) throws {
        handle = try EasyHandle()
        self.policy = policy
        try handle.set(CURLOPT_URL, url)
        try handle.set(CURLOPT_PROTOCOLS_STR, "sftp,ftps,ftp,https,http")
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, RemoteTransfer.connectMilliseconds)
        try handle.set(CURLOPT_TIMEOUT, RemoteTransfer.longestSeconds)
        try handle.set(CURLOPT_LOW_SPEED_LIMIT, RemoteTransfer.stallBytes)
        try handle.set(CURLOPT_LOW_SPEED_TIME, RemoteTransfer.stallSeconds)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities { try handle.set(CURLOPT_CAINFO, authorities) }
        try login(place)
        try guardSockets()
    }

    deinit {
        curl_easy_cleanup(handle.pointer)
        for list in lists { curl_slist_free_all(list) }
    }

    private func login(_ place: RemotePlace) throws {
        if place.kind == .ftps {
            try handle.set(CURLOPT_USE_SSL, RemoteTransfer.useTLS)
        }
        if place.kind == .sftp {
            guard let key = place.hostKey, key.hasPrefix("SHA256:") else {
                throw CurlError(kind: .tls, message: "the host's key is not named")
            }
            try handle.set(CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256, String(key.dropFirst(7)))
            if let file = place.keyFile { try handle.set(CURLOPT_SSH_PRIVATE_KEYFILE, file) }
        }
        guard place.kind != .s3, !place.user.isEmpty else { return }
        try handle.set(CURLOPT_USERNAME, place.user)
        if place.keyFile == nil { try handle.set(CURLOPT_PASSWORD, place.password) }
    }

    private func guardSockets() throws {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_open(handle.pointer) { context, _, address in
                guard let context, let address else { return CURL_SOCKET_BAD }
                let transfer = Unmanaged<RemoteTransfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.mayReach(address)
                    ? geartrain_curl_open_socket(address) : CURL_SOCKET_BAD
            })
        try handle.set(CURLOPT_OPENSOCKETDATA, pointer: context)
        try handle.set(CURLOPT_NOPROGRESS, 0)
        try handle.check(
            geartrain_curl_set_progress(handle.pointer) { context, _, _, _, _ in
                guard let context else { return 0 }
                let transfer = Unmanaged<RemoteTransfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.isCancelled.load(ordering: .relaxed) ? 1 : 0
            })
        try handle.set(CURLOPT_XFERINFODATA, pointer: context)
    }

    /// The protocol says what the port is for: only the network counts.
    private func mayReach(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        var port: Int32 = 0
        let count = geartrain_address_bytes(geartrain_curl_address(address), &bytes, &port)
        guard let network = NetworkAddress(bytes: Array(bytes.prefix(Int(count)))),
            policy.isOpen(network, port: OutgoingPolicy.webPorts[0])
        else {
            isRefused = true
            return false
        }
        return true
    }

    func setLines(_ option: CURLoption, _ lines: [String]) throws {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard line.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
                throw CurlError(message: "a name holds a control character")
            }
            list = curl_slist_append(list, line)
        }
        lists.append(list)
        try handle.set(option, pointer: list.map { UnsafeMutableRawPointer($0) })
    }

    /// Into a descriptor (or memory), at most `limit` bytes.
    func receive(into descriptor: Int32 = -1, limit: Int64) throws {
        (target, self.limit) = (descriptor, limit)
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_WRITEFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<RemoteTransfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.take(bytes, size * count) ? size * count : 0
            })
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
    }

    /// From a descriptor, `size` bytes.
    func send(from descriptor: Int32, size: Int64) throws {
        source = descriptor
        try handle.set(CURLOPT_UPLOAD, 1)
        try handle.set(CURLOPT_INFILESIZE, Int(size))
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_READFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<RemoteTransfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.give(bytes, size * count)
            })
        try handle.set(CURLOPT_READDATA, pointer: context)
    }

    private func take(_ piece: UnsafePointer<CChar>, _ count: Int) -> Bool {
        received += Int64(count)
        guard received <= limit else {
            failure = CurlError(kind: .tooLarge, message: "the file has more than \(limit) bytes")
            return false
        }
        let buffer = UnsafeRawBufferPointer(start: piece, count: count)
        guard target >= 0 else {
            bytes.append(contentsOf: buffer)
            return true
        }
        do {
            try Files.write(buffer, to: target, named: "the file that is received")
            return true
        } catch {
            failure = error
            return false
        }
    }

    private func give(_ piece: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        while true {
            let got = read(source, piece, count)
            if got < 0, errno == EINTR { continue }
            return got < 0 ? Int(CURL_READFUNC_ABORT) : got
        }
    }

    /// Answers the status of HTTP, the reply of FTP, or 0.
    @discardableResult
    func perform() throws -> Int {
        let code = curl_easy_perform(handle.pointer)
        if let failure { throw failure }
        guard code == CURLE_OK else {
            if isRefused {
                throw CurlError(message: "the host's network is not open to outgoing calls")
            }
            throw CurlError(code)
        }
        return handle.integer(CURLINFO_RESPONSE_CODE)
    }
}
