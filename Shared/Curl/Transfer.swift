import CCurl
import CLinux
import ServiceRuntime
import Synchronization

/// One HTTP exchange: its handle, and the answer as it comes. The handle is used on the loop's
/// thread only.
final class Transfer: @unchecked Sendable {
    /// Header lines of an answer, and their bytes with those of interim answers.
    private static let headerLimit = 1_000
    private static let headerByteLimit = 64 << 10

    let handle: EasyHandle
    private let limit: Int
    private let peer: NetworkAddress
    private let port: Int
    private var headerBytes = 0
    private var list: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private var headers: [(name: String, value: String)] = []
    private var body: [UInt8] = []
    /// What of the answer is too large.
    private var excess: String?
    private let continuation = Mutex<CheckedContinuation<CurlHTTP.Response, any Error>?>(nil)
    /// Cancelled before it could begin.
    private let earlyFailure = Mutex<CurlError?>(nil)

    init(_ request: CurlHTTP.Request) throws {
        handle = try EasyHandle()
        limit = request.responseLimit
        peer = request.peer
        port = request.port
        try configure(request)
    }

    deinit {
        curl_easy_cleanup(handle.pointer)
        curl_slist_free_all(list)
        curl_slist_free_all(connectTo)
    }

    func start(_ continuation: CheckedContinuation<CurlHTTP.Response, any Error>) {
        self.continuation.withLock { $0 = continuation }
        if let failure = earlyFailure.withLock({ $0 }) { take()?.resume(throwing: failure) }
    }

    private func take() -> CheckedContinuation<CurlHTTP.Response, any Error>? {
        continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
    }

    func fail(_ kind: CurlError.Kind, _ message: String) {
        let error = CurlError(kind: kind, message: message)
        earlyFailure.withLock { $0 = error }
        take()?.resume(throwing: error)
    }

    func finish(_ code: CURLcode) {
        if let excess {
            fail(.tooLarge, excess)
        } else if code != CURLE_OK {
            var error = CurlError(code)
            error.isBeforeSending = handle.integer(CURLINFO_REQUEST_SIZE) == 0
            take()?.resume(throwing: error)
        } else {
            let status = handle.integer(CURLINFO_RESPONSE_CODE)
            take()?.resume(
                returning: CurlHTTP.Response(status: status, headers: headers, body: body))
        }
    }

    private func configure(_ request: CurlHTTP.Request) throws {
        let isToken = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { (33..<127).contains($0) && $0 != 58 }
        }
        guard isToken(request.method) else {
            throw CurlError(message: "the method is no HTTP method")
        }
        try handle.set(CURLOPT_URL, request.url)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_TIMEOUT_MS, max(1, Int(request.timeout.milliseconds)))
        let connect = min(request.timeout, request.connectTimeout)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(connect.milliseconds)))
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities = request.authorities { try handle.set(CURLOPT_CAINFO, authorities) }
        try pin()
        if request.method == "HEAD" {
            try handle.set(CURLOPT_NOBODY, 1)
        } else if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
            try request.body.withUnsafeBytes {
                try handle.check(
                    geartrain_curl_set_body(
                        handle.pointer, $0.baseAddress ?? UnsafeRawPointer(handle.pointer),
                        Int64($0.count)))
            }
        }
        try handle.set(CURLOPT_CUSTOMREQUEST, request.method)
        // Waiting for "100 Continue" costs a second with servers that do not know it.
        list = curl_slist_append(list, "Expect:")
        for (name, value) in request.headers {
            guard isToken(name), value.utf8.allSatisfy({ $0 >= 32 || $0 == 9 }) else {
                throw CurlError(message: "a header field holds a character that it may not hold")
            }
            list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        try handle.check(geartrain_curl_set_headers(handle.pointer, list))
        try setCallbacks()
    }

    /// Whatever host and port the URL names, the connection goes to the peer's; the host still
    /// decides about the certificate. A kept connection is used again only for the same peer.
    private func pin() throws {
        // The environment must not put a proxy in between.
        try handle.set(CURLOPT_PROXY, "")
        let text = peer.bytes.count == 4 ? peer.text : "[\(peer.text)]"
        connectTo = curl_slist_append(nil, "::\(text):\(port)")
        try handle.check(geartrain_curl_set_connect_to(handle.pointer, connectTo))
        // The last line: no socket for anything else.
        try handle.check(
            geartrain_curl_set_open(handle.pointer) { context, _, address in
                guard let context, let address else { return CURL_SOCKET_BAD }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.isPeer(address)
                    ? geartrain_curl_open_socket(address) : CURL_SOCKET_BAD
            })
        try handle.set(
            CURLOPT_OPENSOCKETDATA, pointer: Unmanaged.passUnretained(self).toOpaque())
    }

    private func isPeer(_ address: UnsafePointer<curl_sockaddr>) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        var port: Int32 = 0
        let count = geartrain_address_bytes(geartrain_curl_address(address), &bytes, &port)
        return NetworkAddress(bytes: Array(bytes.prefix(Int(count)))) == peer && port == self.port
    }

    private func setCallbacks() throws {
        // The loop keeps this object while its handle is active.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_WRITEFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.take(body: bytes, size * count) ? size * count : 0
            })
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_HEADERFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.take(header: bytes, size * count) ? size * count : 0
            })
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
    }

    private func take(body bytes: UnsafePointer<CChar>, _ count: Int) -> Bool {
        guard body.count + count <= limit else {
            excess = "the answer has more than \(limit) bytes"
            return false
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return true
    }

    private func take(header bytes: UnsafePointer<CChar>, _ count: Int) -> Bool {
        headerBytes += count
        guard headerBytes <= Transfer.headerByteLimit, headers.count < Transfer.headerLimit else {
            excess =
                "the answer's headers have more than \(Transfer.headerByteLimit) bytes or"
                + " \(Transfer.headerLimit) lines"
            return false
        }
        let line = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        // An answer may follow an interim one: only the last counts.
        if line.hasPrefix("HTTP/") { headers.removeAll() }
        guard let colon = line.utf8.firstIndex(of: 58) else { return true }
        let value = line[line.index(after: colon)...].utf8
        headers.append((String(line[..<colon]), Transfer.trimmed(value)))
        return true
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        let isBlank = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        var rest = text.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(Substring(rest))
    }
}
