import CCurl
import CLinux
import Glibc
import ServiceRuntime

/// The handle of a `CurlConnection`. Everything but `interrupt` runs on one thread.
final class ConnectSession: @unchecked Sendable {
    /// Lines kept of what the server says before the hand-over.
    private static let greetingLimit = 200

    private var handle: EasyHandle?
    /// An eventfd: readable once interrupted, and then for ever.
    private let interruption: Int32
    private var lines: [String] = []

    init() throws {
        interruption = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard interruption >= 0 else {
            throw CurlError(message: "no event descriptor: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        if let handle { curl_easy_cleanup(handle.pointer) }
        Glibc.close(interruption)
    }

    /// Ends every wait, now and later. From any thread.
    func interrupt() {
        var one: UInt64 = 1
        _ = Glibc.write(interruption, &one, 8)
    }

    func free() {
        if let handle { curl_easy_cleanup(handle.pointer) }
        handle = nil
    }

    /// Answers the server's lines up to here.
    func connect(_ target: CurlConnection.Target, timeout: Duration) throws -> [String] {
        let handle = try EasyHandle()
        self.handle = handle
        try configure(handle, target, timeout: timeout)
        var details = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = details.withUnsafeMutableBytes { buffer in
            try? handle.set(CURLOPT_ERRORBUFFER, pointer: buffer.baseAddress)
            let code = curl_easy_perform(handle.pointer)
            try? handle.set(CURLOPT_ERRORBUFFER, pointer: nil)
            return code
        }
        guard code == CURLE_OK else {
            free()
            let bytes = details.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw CurlError(
                code, details: String(decoding: bytes, as: UTF8.self), lastReply: lines.last)
        }
        return lines
    }

    private func configure(
        _ handle: EasyHandle, _ target: CurlConnection.Target, timeout: Duration
    ) throws {
        let scheme = String(target.url.prefix { $0 != ":" }).lowercased()
        guard ["smtp", "smtps", "imap", "imaps"].contains(scheme) else {
            throw CurlError(message: "the URL must begin with smtp, smtps, imap or imaps")
        }
        try handle.set(CURLOPT_URL, target.url)
        try handle.set(CURLOPT_PROTOCOLS_STR, scheme)
        try handle.set(CURLOPT_CONNECT_ONLY, 1)
        try handle.set(CURLOPT_NOSIGNAL, 1)
        let milliseconds = max(1, Int(timeout.milliseconds))
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        try handle.set(CURLOPT_TIMEOUT_MS, milliseconds)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        let startTLS =
            switch target.startTLS {
            case .never: CURLUSESSL_NONE
            case .try: CURLUSESSL_TRY
            case .required: CURLUSESSL_ALL
            }
        try handle.set(CURLOPT_USE_SSL, Int(startTLS.rawValue))
        if let user = target.user { try handle.set(CURLOPT_USERNAME, user) }
        if let password = target.password { try handle.set(CURLOPT_PASSWORD, password) }
        if let bearer = target.bearer { try handle.set(CURLOPT_XOAUTH2_BEARER, bearer) }
        if let options = target.loginOptions { try handle.set(CURLOPT_LOGIN_OPTIONS, options) }
        if let authorities = target.authorities { try handle.set(CURLOPT_CAINFO, authorities) }
        try setCallbacks(handle)
    }

    private func setCallbacks(_ handle: EasyHandle) throws {
        // The handle never outlives this object, and the callbacks run within `connect` only.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_HEADERFUNCTION) {
                bytes, size, count, context in
                if let bytes, let context {
                    let session = Unmanaged<ConnectSession>.fromOpaque(context)
                    session.takeUnretainedValue().keep(bytes, size * count)
                }
                return size * count
            })
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
        try handle.check(
            geartrain_curl_set_receive(handle.pointer, CURLOPT_WRITEFUNCTION) {
                _, size, count, _ in size * count
            })
        try handle.check(
            geartrain_curl_set_progress(handle.pointer) { context, _, _, _, _ in
                guard let context else { return 0 }
                let session = Unmanaged<ConnectSession>.fromOpaque(context)
                return session.takeUnretainedValue().isInterrupted ? 1 : 0
            })
        try handle.set(CURLOPT_XFERINFODATA, pointer: context)
        try handle.set(CURLOPT_NOPROGRESS, 0)
    }

    private func keep(_ bytes: UnsafePointer<CChar>, _ count: Int) {
        guard lines.count < ConnectSession.greetingLimit else { return }
        let raw = UnsafeRawBufferPointer(start: bytes, count: min(count, 4096))
        let line = String(decoding: raw, as: UTF8.self)
        lines.append(String(line.prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" }))
    }

    private var isInterrupted: Bool {
        var item = pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }

    func send(_ bytes: [UInt8], timeout: Duration) throws {
        let handle = try opened()
        try bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                var count = 0
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let code = curl_easy_send(handle.pointer, rest.baseAddress, rest.count, &count)
                switch code {
                case CURLE_OK: sent += count
                case CURLE_AGAIN: try wait(handle, for: POLLOUT, timeout)
                default: throw CurlError(code)
                }
            }
        }
    }

    /// Everything that TLS holds already is read before the socket is asked to wait.
    func receive(limit: Int, timeout: Duration) throws -> [UInt8] {
        let handle = try opened()
        while true {
            var count = 0
            var code = CURLE_OK
            let bytes = [UInt8](unsafeUninitializedCapacity: max(1, limit)) { buffer, initialized in
                code = curl_easy_recv(handle.pointer, buffer.baseAddress, buffer.count, &count)
                initialized = code == CURLE_OK ? count : 0
            }
            switch code {
            case CURLE_OK: return bytes
            case CURLE_AGAIN: try wait(handle, for: POLLIN, timeout)
            default: throw CurlError(code)
            }
        }
    }

    private func opened() throws -> EasyHandle {
        guard let handle, !isInterrupted else {
            throw CurlError(kind: .interrupted, message: "the connection is closed")
        }
        return handle
    }

    private func wait(_ handle: EasyHandle, for events: Int32, _ timeout: Duration) throws {
        let socket = geartrain_curl_socket(handle.pointer)
        guard socket >= 0 else {
            throw CurlError(kind: .connection, message: "the connection is closed")
        }
        var items = [
            pollfd(fd: socket, events: Int16(events), revents: 0),
            pollfd(fd: interruption, events: Int16(POLLIN), revents: 0),
        ]
        let end = monotonicMilliseconds() + timeout.milliseconds
        while true {
            let left = max(0, end - monotonicMilliseconds())
            let ready = poll(&items, 2, Int32(clamping: left))
            if ready < 0, errno == EINTR { continue }
            if items[1].revents != 0 {
                throw CurlError(kind: .interrupted, message: "the connection is closed")
            }
            if ready > 0 { return }
            if ready == 0 {
                throw CurlError(
                    code: Int(CURLE_OPERATION_TIMEDOUT.rawValue), kind: .timeout,
                    message: "the server said nothing for \(timeout.milliseconds) ms")
            }
            throw CurlError(
                kind: .connection, message: "poll: \(String(cString: strerror(errno)))")
        }
    }

    private func monotonicMilliseconds() -> Int64 {
        Int64(SystemClock().monotonicNanoseconds() / 1_000_000)
    }
}
