import HTTP
import JSON
import TestSupport
import Testing

/// SIGKILL at many points of the main job: one record, one instance, each mail once, every time.
@Suite(.serialized) struct `Killed and restarted` {
    /// The most points of one service; the loop has fewer commits in each.
    static let pointLimit = 14

    /// Kills `victim` after the first, second, third … change that the loop makes in the database
    /// of `watched`, until the loop ends before the next one.
    private func killAtEveryChange(
        _ train: Train, _ api: APIClient, _ world: any MailWorld, victim: String, watched: String,
        limit: Int = pointLimit
    ) async throws {
        for change in 1...limit {
            let name = "\(watched)\(change)\(victim)"
            let loop = TicketLoop(train, api, world, name: name)
            let survivor = Survivor(train: train, loop: loop)
            let killer = Killer(train: train, victim: victim, watched: watched, change: change)
            let killing = Task { try await killer.run() }
            try await survivor.run()
            killing.cancel()
            let wasKilled = try await killing.value
            try await train.ready(watched)
            try await survivor.check()
            if !wasKilled {
                print("\(victim): killed at \(change - 1) changes of \(watched)")
                return
            }
        }
    }

    @Test(arguments: ["records", "mail", "workflow"])
    func `a service is killed after each of its commits`(service: String) async throws {
        let train = try await Train.hurried(.apart)
        let api = try await train.admin()
        try await killAtEveryChange(
            train, api, FolderMail(train), victim: service, watched: service)
        #expect(try await api.get("/api/incidents")["items"]?.array?.isEmpty == true)
    }

    /// Where nobody can know whether a mail arrived, it is `uncertain` and is not sent a second
    /// time by itself.
    @Test func `mail is killed after each of its commits while it sends over SMTP`() async throws {
        let sink = try await SMTPSink()
        let train = try await Train.hurried(
            .apart,
            settings: [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(sink.port)", "MAIL_FROM": "helpdesk@ok.test",
            ])
        let api = try await train.admin()
        let world = SinkMail(folder: FolderMail(train), sink: sink)
        try await killAtEveryChange(train, api, world, victim: "mail", watched: "mail")
    }

    @Test func `the gateway and batch are killed while others work`() async throws {
        let train = try await Train.hurried(.apart)
        let api = try await train.admin()
        for victim in ["gateway", "batch"] {
            try await killAtEveryChange(
                train, api, FolderMail(train), victim: victim, watched: "workflow", limit: 6)
        }
    }

    @Test func `all five are killed at once`() async throws {
        let train = try await Train.hurried(.together)
        let api = try await train.admin()
        for watched in ["records", "mail", "workflow"] {
            try await killAtEveryChange(
                train, api, FolderMail(train), victim: "geartrain", watched: watched, limit: 6)
        }
    }

    @Test func `services are killed at random instants`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("kill seed \(seed)")
        var random = TestRandom(seed: seed)
        let train = try await Train.hurried(.apart)
        let api = try await train.admin()
        for round in 1...3 {
            let loops = (1...4).map {
                TicketLoop(train, api, FolderMail(train), name: "random\(round)x\($0)")
            }
            let kills = (0..<8).map { _ in
                (
                    victim: Train.services.randomElement(using: &random) ?? "mail",
                    wait: Duration.milliseconds(Int.random(in: 0...250, using: &random))
                )
            }
            let killing = Task {
                for kill in kills {
                    try await Task.sleep(for: kill.wait)
                    try await train.kill(kill.victim)
                    try train.start(kill.victim)
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for loop in loops {
                    group.addTask { try await Survivor(train: train, loop: loop).run() }
                }
                try await group.waitForAll()
            }
            try await killing.value
            for service in Train.services { try await train.ready(service) }
            for loop in loops { try await Survivor(train: train, loop: loop).check() }
        }
    }
}
