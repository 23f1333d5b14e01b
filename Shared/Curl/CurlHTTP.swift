import CCurl
import ServiceRuntime
import Synchronization

/// HTTP through libcurl, on its own thread (one multi handle). It connects to the address that it
/// is told and looks no name up; `OutgoingHTTP` says which address that may be.
final class CurlHTTP: Sendable {
    struct Request: Sendable {
        var method = "GET"
        /// Where to connect, whatever host the URL names.
        var peer: NetworkAddress
        var port: Int
        var url: String
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        var timeout = Duration.seconds(30)
        var connectTimeout = Duration.seconds(10)
        /// The most bytes of an answer.
        var responseLimit = 10 << 20
        /// A PEM file of certificate authorities instead of the system's.
        var authorities: String?
    }

    struct Response: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: [UInt8]
    }

    private let thread: ThreadExecutor
    private let loop: TransferLoop

    init() throws {
        loop = try TransferLoop()
        thread = ThreadExecutor(name: "curl-http")
        let (thread, loop) = (thread, loop)
        Task.detached {
            try? await thread.run { loop.run() }
            thread.stop()
        }
    }

    deinit { loop.close() }

    /// Only `http` and `https`; redirects are answered, not followed. Cancelling the task ends the
    /// transfer.
    func send(_ request: Request) async throws -> Response {
        let transfer = try Transfer(request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfer.start(continuation)
                loop.add(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
    }

    /// Ends every transfer with `CurlError` of kind `interrupted`.
    func close() { loop.close() }
}

/// The thread's loop: the multi handle and what others ask of it.
private final class TransferLoop: @unchecked Sendable {
    /// Connections kept open.
    private static let connectionLimit = 64

    private struct Inbox {
        var added: [Transfer] = []
        var cancelled: [Transfer] = []
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer
    /// Only on the thread.
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]

    init() throws {
        try CurlLibrary.prepare()
        guard let multi = curl_multi_init() else {
            throw CurlError(CURLE_OUT_OF_MEMORY)
        }
        self.multi = multi
        // Without it libcurl closes connections that the next transfer could use.
        _ = geartrain_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, TransferLoop.connectionLimit)
    }

    deinit { curl_multi_cleanup(multi) }

    func add(_ transfer: Transfer) {
        let isClosed = inbox.withLock { inbox in
            if !inbox.isClosed { inbox.added.append(transfer) }
            return inbox.isClosed
        }
        if isClosed {
            transfer.fail(.interrupted, "the client is closed")
        } else {
            curl_multi_wakeup(multi)
        }
    }

    func cancel(_ transfer: Transfer) {
        inbox.withLock { $0.cancelled.append(transfer) }
        curl_multi_wakeup(multi)
    }

    func close() {
        inbox.withLock { $0.isClosed = true }
        curl_multi_wakeup(multi)
    }

    func run() {
        while takeInbox() {
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            finishTransfers()
            // Wakes for sockets, libcurl's own timers and `curl_multi_wakeup`.
            curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        for transfer in active.values {
            curl_multi_remove_handle(multi, transfer.handle.pointer)
            transfer.fail(.interrupted, "the client is closed")
        }
        active.removeAll()
    }

    /// False once closed.
    private func takeInbox() -> Bool {
        let taken = inbox.withLock { inbox in
            defer {
                inbox.added.removeAll()
                inbox.cancelled.removeAll()
            }
            return inbox
        }
        for transfer in taken.added {
            active[transfer.handle.pointer] = transfer
            curl_multi_add_handle(multi, transfer.handle.pointer)
        }
        for transfer in taken.cancelled {
            if active.removeValue(forKey: transfer.handle.pointer) != nil {
                curl_multi_remove_handle(multi, transfer.handle.pointer)
            }
            transfer.fail(.interrupted, "cancelled")
        }
        return !taken.isClosed
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle
            else { continue }
            let code = message.pointee.data.result
            curl_multi_remove_handle(multi, pointer)
            active.removeValue(forKey: pointer)?.finish(code)
        }
    }
}
