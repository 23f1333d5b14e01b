import CLinux
import Glibc
import ServiceRuntime

/// Blocks of memory for what is read, lent to connections that have something to read: those that
/// wait for a peer hold none. Confined to a loop.
final class BlockPool {
    let size: Int
    private var free: [UnsafeMutablePointer<UInt8>] = []
    private static let keptLimit = 64

    init(size: Int) { self.size = size }

    deinit { for block in free { block.deallocate() } }

    func take() -> UnsafeMutablePointer<UInt8> { free.popLast() ?? .allocate(capacity: size) }

    func give(_ block: UnsafeMutablePointer<UInt8>) {
        if free.count < BlockPool.keptLimit {
            free.append(block)
        } else {
            block.deallocate()
        }
    }
}

/// A non-blocking stream socket. Everything of it happens on its loop; one task reads and one
/// writes.
final class Socket: EventHandler, @unchecked Sendable {
    let loop: EventLoop
    private let pool: BlockPool
    private var file: Int32
    private var block: UnsafeMutablePointer<UInt8>?
    private var start = 0
    private var end = 0
    /// Whether a read may bring something; false after one that took all there was.
    private(set) var mayRead = false
    /// Whether a write may find room; false after one that did not.
    private var mayWrite: Bool
    /// Whether the peer has sent its end.
    private(set) var hasHungUp = false
    /// Whether the connection is broken both ways.
    private(set) var hasFailed = false
    /// Whether all that the peer has sent was read, and its end after it.
    private var isAtEnd = false
    /// How many bytes the kernel has taken to send.
    private(set) var sent = 0
    private var reader: UnsafeContinuation<Bool, Never>?
    private var writer: UnsafeContinuation<Bool, Never>?
    private var readTimer: LoopTimer?
    private var writeTimer: LoopTimer?
    /// Told of a hang-up or failure; where `isWatchingInput`, of anything that could be read too.
    var observer: (() -> Void)?
    var isWatchingInput = false

    /// Takes `file` over.
    init(_ file: Int32, loop: EventLoop, pool: BlockPool, isConnecting: Bool = false) throws {
        mayWrite = !isConnecting
        self.file = file
        self.loop = loop
        self.pool = pool
        let events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue
        do {
            try loop.watch(file, events: events, self)
        } catch {
            Glibc.close(file)
            throw error
        }
    }

    deinit {
        // The loop holds an open socket, so that an open one cannot come here.
        if let block { block.deallocate() }
    }

    var isOpen: Bool { file >= 0 }

    func close() {
        guard isOpen else { return }
        loop.forget(file)
        Glibc.close(file)
        file = -1
        hasFailed = true
        observer = nil
        if let block { pool.give(block) }
        block = nil
        (start, end) = (0, 0)
        if let readTimer { loop.remove(readTimer) }
        if let writeTimer { loop.remove(writeTimer) }
        resumeReader(true)
        resumeWriter(true)
    }

    /// Ends the connection at once, with a reset instead of an end.
    func abort() {
        guard isOpen else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(file, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Tells the peer that nothing more will come.
    func endOutput() { if isOpen { shutdown(file, Int32(SHUT_WR)) } }

    /// Lets a waiting reader go as if its time were over; the socket stays as it is.
    func cancelRead() { resumeReader(false) }

    /// Nothing more can be sent; who waits to read looks for what the peer had sent before.
    private func fail() {
        hasFailed = true
        mayRead = true
        resumeReader(true)
    }

    /// Whether nothing waits to be read, not even the end.
    func isQuiet() -> Bool {
        guard isOpen, !hasHungUp, !hasFailed, available == 0 else { return false }
        guard mayRead else { return true }
        var byte: UInt8 = 0
        guard recv(file, &byte, 1, Int32(MSG_PEEK)) < 0, errno == EAGAIN else { return false }
        mayRead = false
        return true
    }

    /// Whether something waits in the kernel, of which the loop may not know yet.
    func hasInput() -> Bool {
        var byte: UInt8 = 0
        guard isOpen, recv(file, &byte, 1, Int32(MSG_PEEK)) > 0 else { return false }
        mayRead = true
        return true
    }

    /// Whether the peer can have read nothing of what was sent since `sent` was `mark`: it ended
    /// first. What acknowledges its end acknowledges all that it had by then, and who has ended
    /// answers nothing that comes after. Of a reset this cannot be said: it acknowledges nothing.
    func isUntaken(since mark: Int) -> Bool {
        guard isOpen, sent > mark else { return sent == mark }
        return isAtEnd && Int(geartrain_unacknowledged(file)) >= sent - mark
    }

    func ready(_ events: UInt32) {
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { hasFailed = true }
        if events & EPOLLRDHUP.rawValue != 0 { hasHungUp = true }
        if hasFailed || hasHungUp || events & EPOLLIN.rawValue != 0 {
            mayRead = true
            resumeReader(true)
        }
        if hasFailed || events & EPOLLOUT.rawValue != 0 {
            mayWrite = true
            resumeWriter(true)
        }
        if hasFailed || hasHungUp || (isWatchingInput && mayRead) { observer?() }
    }

    // MARK: Reading

    /// What has been read and not been consumed.
    var available: Int { end - start }

    func withInput<T, E: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> T
    ) throws(E) -> T {
        try body(
            UnsafeBufferPointer(start: block.map { UnsafePointer($0 + start) }, count: end - start))
    }

    func consume(_ count: Int) {
        start += count
        if start == end { (start, end) = (0, 0) }
    }

    /// Reads more behind what is there, waiting until `deadline` (in the loop's time). False at the
    /// end of the stream. There must be room: whoever reads a head bounds it below the block's
    /// size.
    func fill(until deadline: UInt64) async throws(ConnectionLost) -> Bool {
        while isOpen {
            if !mayRead {
                if available == 0, let block {
                    pool.give(block)
                    self.block = nil
                }
                guard await waitToRead(until: deadline) else { throw .slow }
                continue
            }
            let block = roomyBlock()
            let room = pool.size - end
            let count = read(file, block + end, room)
            if count > 0 {
                end += count
                // Less than there was room for: all is read, and the next edge will tell.
                mayRead = count == room || hasHungUp || hasFailed
                return true
            }
            if count == 0 {
                isAtEnd = true
                return false
            }
            try noteReadError()
        }
        throw .closed
    }

    /// Reads up to `count` bytes straight into an array, past the block (which must be empty).
    func readPiece(_ count: Int, until deadline: UInt64) async throws(ConnectionLost) -> [UInt8]? {
        while isOpen {
            guard mayRead else {
                guard await waitToRead(until: deadline) else { throw .slow }
                continue
            }
            var result = 0
            let piece = [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
                result = read(file, buffer.baseAddress, count)
                size = max(0, result)
            }
            if result > 0 {
                mayRead = result == count || hasHungUp || hasFailed
                return piece
            }
            if result == 0 { return nil }
            try noteReadError()
        }
        throw .closed
    }

    private func noteReadError() throws(ConnectionLost) {
        switch errno {
        case EAGAIN: mayRead = false
        case EINTR: break
        default:
            hasFailed = true
            throw .closed
        }
        if hasFailed, !mayRead { throw .closed }
    }

    private func roomyBlock() -> UnsafeMutablePointer<UInt8> {
        guard let block else {
            let block = pool.take()
            self.block = block
            return block
        }
        if end == pool.size, start > 0 {
            block.update(from: block + start, count: end - start)
            (start, end) = (0, end - start)
        }
        return block
    }

    /// False where the deadline passed first.
    private func waitToRead(until deadline: UInt64) async -> Bool {
        let timer = readTimer ?? LoopTimer { [unowned self] in resumeReader(false) }
        readTimer = timer
        return await withUnsafeContinuation { continuation in
            // Looked at here, since any call may be a pause in which the event came.
            if mayRead || !isOpen { return continuation.resume(returning: true) }
            // One task reads at a time; one that was given up may still be here.
            resumeReader(false)
            reader = continuation
            loop.set(timer, at: deadline)
        }
    }

    private func resumeReader(_ isReady: Bool) {
        guard let reader else { return }
        self.reader = nil
        if let readTimer { loop.set(readTimer, at: .max) }
        reader.resume(returning: isReady)
    }

    // MARK: Writing

    /// Why a connection that was begun does not stand; nil where it does.
    var connectFailure: String? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(file, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : "\(SystemError("connect", errno: code))"
    }

    /// Writes all of it, waiting where the peer reads slowly: up to `patience` nanoseconds without
    /// progress.
    func write(_ head: [UInt8], _ body: [UInt8] = [], patience: UInt64) async throws(ConnectionLost)
    {
        var written = try writeSome(head, body, from: 0)
        while written < head.count + body.count {
            guard await waitToWrite(until: EventLoop.monotonicNow() + patience) else {
                fail()
                throw .slow
            }
            written += try writeSome(head, body, from: written)
        }
    }

    /// Writes what the kernel takes now of the two, but for the first `done` bytes.
    func writeSome(_ head: [UInt8], _ body: [UInt8], from done: Int) throws(ConnectionLost) -> Int {
        guard isOpen, !hasFailed else { throw .closed }
        while true {
            let count = head.withUnsafeBytes { head in
                body.withUnsafeBytes { body in
                    Socket.send(
                        file, head.dropFirst(done), body.dropFirst(max(0, done - head.count)))
                }
            }
            if count >= 0 {
                sent += count
                mayWrite = done + count == head.count + body.count
                return count
            }
            if errno == EAGAIN {
                mayWrite = false
                return 0
            }
            guard errno == EINTR else {
                fail()
                throw .closed
            }
        }
    }

    private static func send(
        _ file: Int32, _ head: Slice<UnsafeRawBufferPointer>, _ body: Slice<UnsafeRawBufferPointer>
    ) -> Int {
        let (head, body) = (
            UnsafeRawBufferPointer(rebasing: head), UnsafeRawBufferPointer(rebasing: body)
        )
        // Without MSG_NOSIGNAL only where the process ignores SIGPIPE could this be `write`.
        if body.isEmpty { return Glibc.send(file, head.baseAddress, head.count, flags) }
        if head.isEmpty { return Glibc.send(file, body.baseAddress, body.count, flags) }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
            pieces[0] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count)
            pieces[1] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 2
            return sendmsg(file, &message, flags)
        }
    }

    private static let flags = Int32(MSG_NOSIGNAL)

    /// False where the deadline passed first.
    func waitToWrite(until deadline: UInt64) async -> Bool {
        guard writer == nil else { return false }
        let timer = writeTimer ?? LoopTimer { [unowned self] in resumeWriter(false) }
        writeTimer = timer
        return await withUnsafeContinuation { continuation in
            if mayWrite || hasFailed { return continuation.resume(returning: true) }
            writer = continuation
            loop.set(timer, at: deadline)
        }
    }

    private func resumeWriter(_ isReady: Bool) {
        guard let writer else { return }
        self.writer = nil
        if let writeTimer { loop.set(writeTimer, at: .max) }
        writer.resume(returning: isReady)
    }
}
