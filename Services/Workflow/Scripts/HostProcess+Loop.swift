import CLinux
import Glibc
import ServiceRuntime

/// A job that ends soon is waited for on the event loop that asks: no thread is woken for it. What
/// takes longer goes over to the slot's thread, which keeps the limits.
extension HostProcess {
    /// Sends a frame and waits a moment for the answer; nil where it is not there whole by then, or
    /// anything is wrong: `finish` goes on from here.
    func exchangeSoon(_ frame: [UInt8], on loop: EventLoop) async -> [UInt8]? {
        begin(frame)
        if let answer = try? step() { return answer }
        guard isSent, await readable(on: loop) else { return nil }
        return try? step()
    }

    private func readable(on loop: EventLoop) async -> Bool {
        await withUnsafeContinuation { continuation in
            LoopWait(descriptor, loop, continuation).begin(within: HostProcess.lookEvery)
        }
    }
}

/// Waits once for something to read. Confined to its loop, which holds it meanwhile.
private final class LoopWait: EventHandler {
    private let descriptor: Int32
    private let loop: EventLoop
    private var continuation: UnsafeContinuation<Bool, Never>?
    private var timer: LoopTimer?

    init(_ descriptor: Int32, _ loop: EventLoop, _ continuation: UnsafeContinuation<Bool, Never>) {
        self.descriptor = descriptor
        self.loop = loop
        self.continuation = continuation
    }

    func begin(within time: Duration) {
        do {
            try loop.watch(descriptor, events: EPOLLIN.rawValue, self)
        } catch {
            return end(false)
        }
        let timer = LoopTimer { [self] in end(false) }
        self.timer = timer
        loop.set(timer, at: EventLoop.monotonicNow() + time.nanoseconds)
    }

    func ready(_ events: UInt32) { end(true) }

    private func end(_ isReadable: Bool) {
        loop.forget(descriptor)
        if let timer { loop.remove(timer) }
        timer = nil
        continuation?.resume(returning: isReadable)
        continuation = nil
    }
}
