import Database
import HTTP
import JSON
import ServiceRuntime
import Synchronization

/// A run as it goes on, as Server-Sent Events: one each half second while something moves, one
/// each ten seconds while nothing does, and the last with its end.
final class RunProgress: Sendable {
    static let interval = Duration.milliseconds(500)
    static let silence = Duration.seconds(10)

    private let database: Database
    private let clock: any WallClock
    private let run: Int64
    /// The service goes down: whoever looks on asks again.
    private let isStopping: @Sendable () -> Bool
    fileprivate let state = Mutex(State())

    fileprivate struct State {
        var isFirst = true
        var isDone = false
        var last: JSONValue?
        /// When it was looked at first, and what had been read then.
        var start: (nanoseconds: UInt64, rows: Int, offset: Int)?
    }

    init(
        _ run: Int64, database: Database, clock: any WallClock,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        self.isStopping = isStopping
        self.run = run
        self.database = database
        self.clock = clock
    }

    /// The next event; nil after the end.
    func next() async throws -> ServerSentEvent? {
        if isStopping() || state.withLock(\.isDone) { return nil }
        var waited = Duration.zero
        while true {
            if !state.withLock(\.isFirst) {
                try await clock.sleep(for: RunProgress.interval)
                waited += RunProgress.interval
                if isStopping() { return nil }
            }
            guard let run = try await database.pointRead({ [run] in try RunStore.run($0, run) })
            else {
                state.withLock { $0.isDone = true }
                return nil
            }
            let now = clock.monotonicNanoseconds()
            let isSilent = waited >= RunProgress.silence
            let event = state.withLock { $0.event(run, now, isAsked: isSilent) }
            if let event { return event }
        }
    }
}

extension RunProgress.State {
    fileprivate mutating func event(_ run: Run, _ now: UInt64, isAsked: Bool)
        -> ServerSentEvent?
    {
        let offset = run.place.offset
        let begun = start ?? (now, run.counters.read, offset)
        start = begun
        let seconds = Double(now - begun.nanoseconds) / 1_000_000_000
        var object = JSONObject()
        object["run"] = .number(JSONNumber(run.id))
        object["state"] = .string(run.state.rawValue)
        object["stage"] = .string(run.place.stage.rawValue)
        object["counters"] = run.counters.json
        object["rows"] = JSONValue(run.counters.read)
        let fixed = JSONValue.object(object)
        let isOver = run.state.hasEnded || run.plan != nil && run.state == .planned
        guard isFirst || isOver || isAsked || last != fixed else { return nil }
        last = fixed
        isFirst = false
        isDone = isOver
        let rate = seconds > 0 ? Double(run.counters.read - begun.rows) / seconds : 0
        object["rowsPerSecond"] = JSONValue(Int(rate))
        // Of an import the bytes of the file tell how far it is.
        let speed = seconds > 0 ? Double(offset - begun.offset) / seconds : 0
        let rest = Double(max(0, run.bytes - offset))
        let isKnown = run.kind == .import && run.place.stage == .rows && speed > 0
        object["secondsLeft"] = isOver ? 0 : isKnown ? JSONValue(Int(rest / speed) + 1) : .null
        return ServerSentEvent(
            event: isOver ? "end" : "progress", data: JSONValue.object(object).text)
    }
}
