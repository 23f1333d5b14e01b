import ServiceRuntime
import Synchronization
import Testing

@Suite struct EventLoopTests {
    @Test func `a task with a loop's preference stays on its thread`() async throws {
        let group = try EventLoopGroup(count: 2)
        defer { group.stop() }
        for loop in group.loops {
            let index = await Task(executorPreference: loop) {
                await Task.yield()
                return EventLoop.current?.index
            }.value
            #expect(index == loop.index)
        }
        #expect(EventLoop.current == nil)
    }

    @Test func `jobs from many threads all run`() async throws {
        let group = try EventLoopGroup(count: 1)
        defer { group.stop() }
        let loop = group.loops[0]
        let total = await withTaskGroup(of: Int.self) { tasks in
            for number in 0..<2_000 {
                tasks.addTask {
                    await Task(executorPreference: loop) {
                        #expect(loop.isCurrent)
                        return number
                    }.value
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(total == 2_000 * 1_999 / 2)
    }

    @Test func `an actor on a loop may assume its isolation there`() async throws {
        actor Pinned {
            let loop: EventLoop
            var count = 0
            init(_ loop: EventLoop) { self.loop = loop }
            nonisolated var unownedExecutor: UnownedSerialExecutor {
                loop.asUnownedSerialExecutor()
            }
            func increment() -> Int {
                count += 1
                return count
            }
        }
        let group = try EventLoopGroup(count: 1)
        defer { group.stop() }
        let pinned = Pinned(group.loops[0])
        _ = await pinned.increment()
        let count = await withCheckedContinuation { continuation in
            group.loops[0].execute {
                continuation.resume(returning: pinned.assumeIsolated { $0.increment() })
            }
        }
        #expect(count == 2)
    }

    @Test func `a thread executor runs what it is given in order and answers errors`() async throws
    {
        struct Broken: Error {}
        let thread = ThreadExecutor(name: "test")
        defer { thread.stop() }
        let seen = Mutex<[Int]>([])
        for number in 0..<100 {
            try await thread.run { seen.withLock { $0.append(number) } }
        }
        #expect(seen.withLock { $0 } == Array(0..<100))
        await #expect(throws: Broken.self) { try await thread.run { throw Broken() } }
    }
}
