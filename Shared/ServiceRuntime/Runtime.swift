/// What a service is given rather than makes: loops, time, randomness, log, metrics, traces.
public struct Runtime: Sendable {
    public var loops: EventLoopGroup
    public var clock: any WallClock
    public var random: any RandomSource
    public var log: Log
    public var metrics: Metrics
    public var tracer: Tracer

    public init(
        loops: EventLoopGroup, clock: any WallClock = SharedClock(),
        random: any RandomSource = SystemRandom(), log: Log, metrics: Metrics = Metrics(),
        tracer: Tracer = .off
    ) {
        self.loops = loops
        self.clock = clock
        self.random = random
        self.log = log
        self.metrics = metrics
        self.tracer = tracer
    }
}
