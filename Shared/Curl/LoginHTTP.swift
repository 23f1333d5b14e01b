import CCurl
import CLinux
import ServiceRuntime
import Synchronization

/// HTTP to one server as one user, with a login that libcurl does (NTLM, Basic, Bearer). One
/// connection, which NTLM logs in once. Requests come one after the other. No redirect is followed
/// and no proxy is asked, so that the login goes where it is meant for.
public final class LoginHTTP: Sendable {
    public enum Login: Sendable {
        /// `DOMAIN\name` or a name.
        case ntlm(user: String, password: String)
        case basic(user: String, password: String)
        case bearer(token: String)
    }

    public struct Response: Sendable {
        public let status: Int
        public let headers: [(name: String, value: String)]
        public let body: [UInt8]

        /// The first header of that name, in any case.
        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    private let thread: ThreadExecutor
    private let exchange: LoginExchange

    /// `authorities`: a PEM file of certificate authorities instead of the system's.
    public init(_ login: Login, authorities: String? = nil) throws {
        exchange = try LoginExchange(login, authorities)
        thread = ThreadExecutor(name: "curl-login")
    }

    /// Answers whatever the server answers, of any status; throws `CurlError`. Cancelling the task
    /// ends the client.
    public func post(
        _ url: String, headers: [(String, String)] = [], body: [UInt8], timeout: Duration,
        responseLimit: Int
    ) async throws -> Response {
        let exchange = exchange
        return try await withTaskCancellationHandler {
            try await self.thread.run {
                try exchange.post(
                    url, headers, body, timeout: timeout, responseLimit: responseLimit)
            }
        } onCancel: {
            exchange.interrupt()
        }
    }

    public func close() async {
        exchange.interrupt()
        let exchange = exchange
        try? await thread.run { exchange.free() }
        thread.stop()
    }
}

/// The handle. Everything but `interrupt` runs on one thread.
private final class LoginExchange: @unchecked Sendable {
    /// libcurl's own numbers, which are macros with casts.
    private static let (basic, ntlm, bearer) = (1, 1 << 3, 1 << 6)
    private static let headerByteLimit = 64 << 10

    private var handle: EasyHandle?
    private let login: LoginHTTP.Login
    private let authorities: String?
    private let isInterrupted = Atomic(false)
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var limit = 0
    private var isTooLarge = false

    init(_ login: LoginHTTP.Login, _ authorities: String?) throws {
        self.login = login
        self.authorities = authorities
        handle = try EasyHandle()
    }

    deinit { free() }

    func interrupt() { isInterrupted.store(true, ordering: .relaxed) }

    func free() {
        if let handle { curl_easy_cleanup(handle.pointer) }
        handle = nil
    }

    func post(
        _ url: String, _ fields: [(String, String)], _ content: [UInt8], timeout: Duration,
        responseLimit: Int
    ) throws -> LoginHTTP.Response {
        guard let handle, !isInterrupted.load(ordering: .relaxed) else {
            throw CurlError(kind: .interrupted, message: "the connection is closed")
        }
        (headers, body, limit, headerBytes, isTooLarge) = ([], [], responseLimit, 0, false)
        // Keeps the connection.
        curl_easy_reset(handle.pointer)
        try configure(handle, url, timeout: timeout)
        var list = curl_slist_append(nil, "Expect:")
        defer { curl_slist_free_all(list) }
        for (name, value) in fields {
            guard (name + value).utf8.allSatisfy({ $0 >= 32 }) else {
                throw CurlError(message: "a header field holds a character that it may not hold")
            }
            list = curl_slist_append(list, "\(name): \(value)")
        }
        try handle.check(geartrain_curl_set_headers(handle.pointer, list))
        try content.withUnsafeBytes {
            try handle.check(
                geartrain_curl_set_body(
                    handle.pointer, $0.baseAddress ?? UnsafeRawPointer(handle.pointer),
                    Int64($0.count)))
        }
        let code = curl_easy_perform(handle.pointer)
        if isTooLarge {
            throw CurlError(
                kind: .tooLarge, message: "the answer has more than \(responseLimit) bytes")
        }
        guard code == CURLE_OK else {
            if isInterrupted.load(ordering: .relaxed) {
                throw CurlError(kind: .interrupted, message: "the connection is closed")
            }
            throw CurlError(code)
        }
        defer { body = [] }
        return LoginHTTP.Response(
            status: handle.integer(CURLINFO_RESPONSE_CODE), headers: headers, body: body)
    }

    private func configure(_ handle: EasyHandle, _ url: String, timeout: Duration) throws {
        try handle.set(CURLOPT_URL, url)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_PROXY, "")
        let milliseconds = max(1, Int(timeout.milliseconds))
        try handle.set(CURLOPT_TIMEOUT_MS, milliseconds)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities { try handle.set(CURLOPT_CAINFO, authorities) }
        switch login {
        case .ntlm(let user, let password):
            try handle.set(CURLOPT_HTTPAUTH, LoginExchange.ntlm)
            try handle.set(CURLOPT_USERNAME, user)
            try handle.set(CURLOPT_PASSWORD, password)
        case .basic(let user, let password):
            try handle.set(CURLOPT_HTTPAUTH, LoginExchange.basic)
            try handle.set(CURLOPT_USERNAME, user)
            try handle.set(CURLOPT_PASSWORD, password)
        case .bearer(let token):
            try handle.set(CURLOPT_HTTPAUTH, LoginExchange.bearer)
            try handle.set(CURLOPT_XOAUTH2_BEARER, token)
        }
        try setCallbacks(handle)
    }

    private func setCallbacks(_ handle: EasyHandle) throws {
        // They run within `post` only.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_WRITEFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let exchange = Unmanaged<LoginExchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.take(body: bytes, size * count) ? size * count : 0
            })
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_HEADERFUNCTION) {
                bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let exchange = Unmanaged<LoginExchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.take(header: bytes, size * count) ? size * count : 0
            })
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
        try handle.check(
            geartrain_curl_set_progress(handle.pointer) { context, _, _, _, _ in
                guard let context else { return 0 }
                let exchange = Unmanaged<LoginExchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.isInterrupted.load(ordering: .relaxed) ? 1 : 0
            })
        try handle.set(CURLOPT_XFERINFODATA, pointer: context)
        try handle.set(CURLOPT_NOPROGRESS, 0)
    }

    private func take(body bytes: UnsafePointer<CChar>, _ count: Int) -> Bool {
        guard body.count + count <= limit else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return true
    }

    private func take(header bytes: UnsafePointer<CChar>, _ count: Int) -> Bool {
        headerBytes += count
        guard headerBytes <= LoginExchange.headerByteLimit else {
            isTooLarge = true
            return false
        }
        let line = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        // The login takes several answers: only the last counts.
        if line.hasPrefix("HTTP/") {
            headers.removeAll()
            body.removeAll()
        }
        guard let colon = line.utf8.firstIndex(of: 58) else { return true }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        headers.append((String(line[..<colon]), String(value.prefix { !$0.isNewline })))
        return true
    }
}
