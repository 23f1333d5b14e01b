import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// The clock stands at 2027-01-15 08:00 UTC.
@Suite struct `Jobs by dates` {
    private static let remind = Model.job(
        "remind", nil, steps: [["mail": ["notification": "reminder", "to": "=record.email"]]],
        [
            "when": [
                "class": "ticket", "column": "due", "offset": "-2d",
                "filter": "status ne 'closed'",
            ],
            "escalate": [
                ["offset": "0d", "steps": [["set": ["status": "late"]]]],
                [
                    "offset": "1d",
                    "steps": [["mail": ["notification": "closed", "to": "boss@example.com"]]],
                ],
            ],
        ])

    private static func ticket(due: String) -> JSONObject {
        JSONObject([
            ("status", "open"), ("email", "mara@example.com"), ("due", .string(due)),
        ])
    }

    /// `-2d reminder` of what was sent and set.
    private static func done(_ world: World) async throws -> [String] {
        try await world.ledger("remind").filter { $0["state"] == "succeeded" }.map {
            "\($0["record"]?.string ?? "") \($0["level"]?.text ?? "") "
                + ($0["planned"]?.string?.dropFirst(5).prefix(11) ?? "")
        }
    }

    @Test func `each record and level has its turn once, until the filter lets it go`()
        async throws
    {
        try await World.with { world in
            for (id, due) in [(1, "01-17T10:00"), (2, "01-17T12:00"), (3, "02-20T00:00")] {
                _ = world.peers.insert(
                    Int64(id), `Jobs by dates`.ticket(due: "2027-\(due):00.000Z"))
            }
            try await world.take(Model.jobs(`Jobs by dates`.remind))
            world.turn(to: "01-15T10:01")
            try await world.soon("the first reminder") {
                try await `Jobs by dates`.done(world) == ["helpdesk.ticket/1 0 01-15T10:00"]
            }
            #expect(world.peers.state.withLock { $0.mails.map(\.to) } == [["mara@example.com"]])
            world.turn(to: "01-15T12:01")
            try await world.soon("the second") {
                try await `Jobs by dates`.done(world).count == 2
            }
            // Both are late; the second is closed before it escalates.
            world.turn(to: "01-17T12:01")
            try await world.soon("late") { try await `Jobs by dates`.done(world).count == 4 }
            #expect(world.peers.state.withLock { $0.records[1]?["status"] } == "late")
            world.peers.state.withLock { $0.records[2]?["status"] = "closed" }
            world.turn(to: "01-19T08:00")
            try await world.soon("the escalation") {
                try await `Jobs by dates`.done(world).count == 5
            }
            world.turn(to: "01-20T08:00")
            try await world.soon("a scan of another day") {
                try await world.json(ListJobs())["items"]?.array?.first != nil
                    && world.peers.state.withLock { $0.mails.count } == 3
            }
            #expect(
                try await `Jobs by dates`.done(world) == [
                    "helpdesk.ticket/1 0 01-15T10:00", "helpdesk.ticket/2 0 01-15T12:00",
                    "helpdesk.ticket/1 1 01-17T10:00", "helpdesk.ticket/2 1 01-17T12:00",
                    "helpdesk.ticket/1 2 01-18T10:00",
                ])
        }
    }

    @Test func `a date that is moved is planned anew, and over a restart nothing comes twice`()
        async throws
    {
        let folder = TemporaryFolder()
        let world = try await World(folder: folder.path)
        // Its time was two days ago: it is caught up with.
        _ = world.peers.insert(1, `Jobs by dates`.ticket(due: "2027-01-15T07:00:00.000Z"))
        try await world.take(Model.jobs(`Jobs by dates`.remind))
        try await world.soon("both levels") {
            try await `Jobs by dates`.done(world).count == 2
        }
        world.peers.state.withLock { $0.records[1]?["due"] = "2027-01-16T07:00:00.000Z" }
        world.clock.advance(by: JobPlanner.scanInterval)
        try await world.soon("the reminder of the new date") {
            try await `Jobs by dates`.done(world).count == 3
        }
        let state = world.peers.state.withLock { $0 }
        try await world.stop()
        let start = try #require(Timestamp("2027-01-16T07:00:30Z"))
        let again = try await World(
            folder: folder.path, clock: ManualClock(start: start), state: state)
        try await again.soon("what came while it was away") {
            try await `Jobs by dates`.done(again).count == 4
        }
        #expect(
            try await `Jobs by dates`.done(again).map { String($0.dropFirst(17)) }.sorted() == [
                " 0 01-13T07:00", " 0 01-14T07:00", " 1 01-15T07:00", " 1 01-16T07:00",
            ])
        try await again.stop()
    }

    @Test func `a time that passed longer ago than the window is left alone`() async throws {
        try await World.with { world in
            _ = world.peers.insert(1, `Jobs by dates`.ticket(due: "2027-01-05T08:00:00.000Z"))
            _ = world.peers.insert(2, `Jobs by dates`.ticket(due: "2027-01-14T08:00:00.000Z"))
            try await world.take(Model.jobs(`Jobs by dates`.remind))
            try await world.soon("the second") {
                try await `Jobs by dates`.done(world).count == 3
            }
            #expect(
                try await `Jobs by dates`.done(world).allSatisfy {
                    $0.hasPrefix("helpdesk.ticket/2")
                })
        }
    }

    @Test func `a filter that Records refuses is told once, and a record that went is left`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.jobs(
                    Model.job(
                        "wrong", nil,
                        ["when": ["class": "ticket", "column": "due", "filter": "nothing eq 1"]])))
            try await world.soon("the incident") { try await world.incidents().count == 1 }
            #expect(try await world.incidents()[0]["problem"]?["code"] == "invalid-filter")
            #expect(await world.problem(of: RunJob(job: World.job("wrong")))?.status == 409)
        }
        let folder = TemporaryFolder()
        let world = try await World(folder: folder.path)
        world.peers.isMailUp.withLock { $0 = false }
        _ = world.peers.insert(1, `Jobs by dates`.ticket(due: "2027-01-17T07:00:00.000Z"))
        try await world.take(Model.jobs(`Jobs by dates`.remind))
        try await world.soon("the row") { try await world.ledger("remind").count == 1 }
        _ = world.peers.state.withLock { $0.records.removeValue(forKey: 1) }
        try await world.soon("the end") {
            try await world.ledger("remind").first?["state"] == "skipped"
        }
        #expect(try await world.ledger("remind")[0]["reason"] == "The record is gone.")
        try await world.stop()
    }

    @Test(arguments: [
        // Column, value, offset, at, zone: when it is due.
        ("due", "2027-03-28T09:00:00.000Z", "-2d", nil, "UTC", "2027-03-26T09:00:00"),
        ("due", "2027-03-28T09:00:00.000Z", "36h", nil, "UTC", "2027-03-29T21:00:00"),
        ("day", "2027-03-28", "0d", nil, "UTC", "2027-03-28T00:00:00"),
        ("day", "2027-03-28", "0d", "08:00", "Europe/Prague", "2027-03-28T06:00:00"),
        ("day", "2027-03-29", "-2d", "08:00", "Europe/Prague", "2027-03-27T07:00:00"),
        // 02:30 is not there on that day.
        ("day", "2027-03-28", "0d", "02:30", "Europe/Prague", "2027-03-28T01:00:00"),
        ("day", "2027-03-28", "1d", nil, "America/New_York", "2027-03-29T04:00:00"),
        // 23:30 in UTC is the next day in Kathmandu.
        ("due", "2027-06-01T23:30:00.000Z", "0d", "08:00", "Asia/Kathmandu", "2027-06-02T02:15:00"),
        ("due", "2027-06-01T23:30:00.000Z", "-1d", "08:00", "UTC", "2027-05-31T08:00:00"),
        ("day", "2024-02-29", "365d", "00:00", "UTC", "2025-02-28T00:00:00"),
    ])
    func `when a record is due`(
        column: String, value: String, offset: String, at: String?, zone: String, due: String
    ) throws {
        let trigger = DateTrigger(
            type: FullCode(model: "helpdesk", code: "ticket"), column: column,
            isDate: column == "day", filter: nil, zone: try ZoneFile.zone(zone),
            at: at.flatMap { DateTrigger.time($0) }, window: .seconds(86_400))
        let distance = try #require(DateTrigger.offset(offset))
        let found = try #require(trigger.due(value, offset: distance))
        #expect(found.text == due + ".000Z")
        // What is due now is among what Records is asked for.
        let terms = trigger.filter(offset: distance, now: found).split(separator: " ")
        #expect(value >= terms[2] && value <= terms[6], "\(terms)")
        #expect(trigger.includes(found, now: found))
        #expect(!trigger.includes(found, now: found.advanced(by: .seconds(86_400))))
        #expect(!trigger.includes(found, now: found.advanced(by: .milliseconds(-1))))
    }
}
