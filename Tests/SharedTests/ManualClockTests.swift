import ServiceRuntime
import Synchronization
import TestSupport
import Testing

private let start = Timestamp(milliseconds: 1_000_000)

@Test func `a manual clock wakes who is due, earliest first`() async throws {
    let clock = ManualClock(start: start)
    let (order, send) = AsyncStream.makeStream(of: Int.self)
    for seconds in [3, 1, 2, 10] {
        Task {
            try await clock.sleep(for: .seconds(seconds))
            send.yield(seconds)
        }
    }
    try await eventually("four sleepers") { clock.sleepers == 4 }
    let before = clock.monotonicNanoseconds()
    clock.advance(by: .seconds(5))
    #expect(clock.now() == start.advanced(by: .seconds(5)))
    #expect(clock.monotonicNanoseconds() - before == 5_000_000_000)
    var iterator = order.makeAsyncIterator()
    var woken: Set<Int> = []
    for _ in 0..<3 { if let seconds = await iterator.next() { woken.insert(seconds) } }
    #expect(woken == [1, 2, 3])
    #expect(clock.sleepers == 1)
    clock.advance(by: .seconds(5))
    #expect(await iterator.next() == 10)
}

@Test func `a cancelled sleeper wakes at once and is gone`() async throws {
    let clock = ManualClock(start: start)
    let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
    try await eventually("a sleeper") { clock.sleepers == 1 }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleepers == 0)
    let late = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await clock.sleep(for: .seconds(1))
    }
    await #expect(throws: CancellationError.self) { try await late.value }
    try await clock.sleep(for: .zero)
}

@Test func `cancelling and advancing together resume each sleeper once`() async throws {
    let clock = ManualClock(start: start)
    for _ in 0..<200 {
        let sleeper = Task { try await clock.sleep(for: .milliseconds(1)) }
        let cancelling = Task.detached { sleeper.cancel() }
        clock.advance(by: .milliseconds(1))
        await cancelling.value
        _ = await sleeper.result
    }
    #expect(clock.sleepers == 0)
}

@Test func `the machine's clock goes forward`() async throws {
    let clock = SystemClock()
    let (before, monotonic) = (clock.now(), clock.monotonicNanoseconds())
    try await clock.sleep(for: .milliseconds(2))
    #expect(clock.monotonicNanoseconds() - monotonic >= 2_000_000)
    #expect(clock.now() > before)
    #expect(before > Timestamp(milliseconds: 1_700_000_000_000))
}
